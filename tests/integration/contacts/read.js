/* Reads contacts from standard input; prints names and values as JSON. */
import fs from "node:fs";
import ICAL from "ical.js";

const cards = [].concat(ICAL.parse(fs.readFileSync(0, "utf8")));
const read = cards[0][0] === "vcard" ? cards : cards[0];

console.log(JSON.stringify(read.map((card) => {
  const component = new ICAL.Component(card);

  return component.getAllProperties().map((property) => ({
    name: property.name,
    type: property.getParameter("type"),
    values: property.getValues(),
  }));
})));
