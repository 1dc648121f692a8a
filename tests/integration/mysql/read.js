/* Reads statements, separated by semicolons, from standard input with the
 * grammar of the version of MySQL that is named; prints what is wrong. */
import fs from "node:fs";
import parser from "ts-mysql-parser";

const mysql = new parser.default({ version: process.argv[2] });
const statements = fs.readFileSync(0, "utf8").split(";")
  .filter((statement) => statement.trim());

for (const statement of statements) {
  const read = mysql.parse(statement);
  const fault = read.lexerError ?? read.parserError;

  if (fault)
    console.log(`${statement.trim()}: ${fault}`);
}
