// What was typed in a supplier's form and not saved, after the form was left by
// a link and opened by another. Arguments: address of an employee daemon that
// takes the person from Remote-User, folder for screenshots, address that stops
// (/stop) and starts (/start) the database.
const assert = require('assert');
const { control } = require('./control');
const { Walk } = require('./walk');

const [address, folder, switches] = process.argv.slice(2);
const BACK = 'What you typed here before is back';
const CHANGED = 'Somebody has changed the supplier since';
const walk = new Walk({ address, folder, scripts: true, looks: true });

const save = (page) => page.click('main button:text-is("Save")');
const add = (page) => page.goto(`${address}/admin/supplier-add`);
const drafts = (page) => page.evaluate(() => Object.keys(sessionStorage));

async function says(page, text) {
  try {
    await page.locator('main', { hasText: text }).waitFor({ timeout: 15000 });
  } catch (error) {
    assert.fail(`${page.url()} does not say: ${text}\n${
      await page.locator('body').innerText()}`);
  }
}

async function person(name) {
  const page = await walk.person();
  await page.setExtraHTTPHeaders({ 'Remote-User': name });
  return page;
}

async function open(page, id, values = {}, notice = null) {
  await page.goto(`${address}/admin/supplier-update/${id}`);
  for (const [name, text] of Object.entries(values)) {
    assert.strictEqual(await page.inputValue(`#${name}`), text);
  }
  assert.strictEqual(await page.locator('#draft').count(),
    notice === null ? 0 : 1);
  if (notice !== null) await says(page, notice);
}

async function type(page, fields) {
  for (const [name, text] of Object.entries(fields)) {
    await page.fill(`#${name}`, text);
  }
}

async function leave(page) {
  await page.click('nav >> text=History');
  await says(page, 'History');
}

async function change(page, id, fields) {
  await open(page, id);
  await type(page, fields);
  await save(page);
  await says(page, 'Saved');
}

// There again, until it is discarded or the form cancelled.
async function again(page) {
  await open(page, 1);
  await type(page, { city: 'Typed', notes: 'one\ntwo' });
  await leave(page);
  await open(page, 1, { city: 'Typed', notes: 'one\ntwo' }, BACK);
  await walk.look(page, 'draft');
  await page.click('text=Discard it');
  await says(page, 'was discarded');
  assert.strictEqual(await page.evaluate(() => document.activeElement.id),
    'draft');
  await open(page, 1, { city: 'Bonga' });
  await type(page, { city: 'Typed' });
  await type(page, { city: 'Bonga' }); // nothing is typed any more
  assert.deepStrictEqual(await drafts(page), []);
  await type(page, { city: 'Typed' });
  await page.click('text=Cancel');
  await open(page, 1, { city: 'Bonga' });
}

// Each form has its own, and a save takes away only what it has saved.
async function several(page) {
  await open(page, 1);
  await type(page, { city: 'One' });
  await open(page, 2);
  await type(page, { city: 'Two' });
  await add(page);
  await type(page, { name: 'New & “only” typed' });
  await open(page, 1, { city: 'One' }, BACK);
  await open(page, 2, { city: 'Two' }, BACK);
  await save(page);
  await says(page, 'Saved');
  assert.strictEqual((await drafts(page)).length, 2);
  await open(page, 2, { city: 'Two' });
  await open(page, 1, { city: 'One' }, BACK);
  await add(page);
  await says(page, BACK);
  assert.strictEqual(await page.inputValue('#name'), 'New & “only” typed');
  await type(page, { address: '1 Road', city: 'Hel', country: 'Poland',
    phone: '555-0177' });
  await save(page);
  await says(page, 'Added');
  await add(page);
  assert.strictEqual(await page.locator('#draft').count(), 0);
  await open(page, 1, { city: 'One' }, BACK);
  await page.click('text=Discard it');
}

// In another tab nothing of it is there, nor after the browser was closed.
async function tabs(page) {
  const second = await page.context().newPage();
  await second.setExtraHTTPHeaders({ 'Remote-User': 'ann' });
  await open(page, 1);
  await type(page, { city: 'In the first tab' });
  await open(second, 1, { city: 'Bonga' });
  await type(second, { state: 'In the second' });
  await open(page, 1, { city: 'In the first tab', state: '' }, BACK);
  await save(second);
  await says(second, 'Saved');
  await open(page, 1, { state: 'In the second' }, CHANGED);
  await page.click('text=Use what I typed');
  await says(page, BACK);
  await save(page);
  await says(page, 'Saved');
  await open(second, 1, { city: 'In the first tab', state: 'In the second' });
  assert.strictEqual(await page.evaluate(() => localStorage.length), 0);
  await second.close();
}

// What others have saved since is shown, and never overwritten unseen.
async function clash(page, other) {
  await open(page, 1);
  await type(page, { city: 'Mine', country: 'Mine' });
  await leave(page);
  await change(other, 1, { city: 'Theirs' });
  await open(page, 1, { city: 'Theirs' }, CHANGED);
  await walk.look(page, 'draft-changed');
  await type(page, { phone: '555-0188' });
  await save(page);
  await says(page, 'Saved'); // the offer stands
  await open(page, 1, { city: 'Theirs', phone: '555-0188' }, CHANGED);
  await page.click('text=Use what I typed');
  assert.strictEqual(await page.inputValue('#city'), 'Mine');
  await save(page);
  await says(page, 'Both of you changed these fields');
  await leave(page); // without having chosen
  await open(page, 1, { city: 'Theirs' }, CHANGED);
  await page.click('text=Use what I typed');
  await save(page);
  await page.locator('input[name="use-city"][value="theirs"]').check();
  await save(page);
  await says(page, 'Saved');
  await open(page, 1, { city: 'Theirs', country: 'Mine', phone: '555-0188' });
  assert.deepStrictEqual(await drafts(page), []);
}

// A save that fails, in each way.
async function failing(page) {
  await open(page, 1);
  await type(page, { city: 'Sopot', phone: '?' });
  await save(page);
  await says(page, 'There is a problem');
  await open(page, 1, { city: 'Sopot', phone: '?' }, BACK);
  await type(page, { phone: '555-0190' });
  await control(switches, 'stop');
  await save(page);
  await says(page, 'The database is not answering right now');
  await control(switches, 'start');
  await open(page, 1, { city: 'Sopot', phone: '555-0190' }, BACK);
  await page.route('**/supplier-update', (route) => route.abort());
  await save(page);
  await page.waitForURL('chrome-error://chromewebdata/');
  await page.unroute('**/supplier-update');
  await change(page, 3, { city: 'Another' });
  await open(page, 1, { city: 'Sopot', phone: '555-0190' }, BACK);
  await save(page);
  await says(page, 'Saved');
  await open(page, 1, { city: 'Sopot' });
}

async function limits(page) {
  await open(page, 1);
  await type(page, { city: 'Typed' });
  await type(page, { notes: 'x'.repeat(300000) });
  assert.deepStrictEqual(await drafts(page), [], 'no part of it');
  for (let id = 1; id <= 20; id += 1) {
    await open(page, id);
    await type(page, { state: `Typed ${id}` });
  }
  await add(page);
  await type(page, { name: 'Typed' });
  assert.strictEqual((await drafts(page)).length, 20);
  await open(page, 1); // the oldest gave way
  await open(page, 2, { state: 'Typed 2' }, BACK);
  await page.evaluate(() => {
    Object.defineProperty(Storage.prototype, 'setItem', {
      value() { throw new DOMException('full', 'QuotaExceededError'); },
    });
  });
  await type(page, { state: 'No room' });
  await save(page);
  await says(page, 'Saved');
  await page.setExtraHTTPHeaders({ 'Remote-User': 'bob' });
  await open(page, 3);
  assert.deepStrictEqual(await drafts(page), [], 'of another person');
}

async function main() {
  await walk.open();
  const one = await person('ann');
  await again(one);
  await several(one);
  await tabs(one);
  await clash(one, await person('bob'));
  await failing(one);
  await limits(one);
  walk.complaints = walk.complaints.filter((text) =>
    !text.includes('net::ERR_FAILED')); // the one that was cut off
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
