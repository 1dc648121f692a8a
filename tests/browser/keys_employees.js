// All that employees do, with keys alone: two of them, one supplier, then many
// and an import. Arguments: address, on|off (JavaScript).
const assert = require('assert');
const { Keys } = require('./keys');
const { Walk } = require('./walk');

const [address, scripts] = process.argv.slice(2);
const walk = new Walk({ address, scripts: scripts === 'on', looks: false });
// Scripts change neither the order nor the styles: without them, one direction
// and one width are enough.
const all = walk.scripts || Boolean(process.env.CAFE_LONG);
const NAME = 'Łódź Beans';
const SAVE = 'main button:text-is("Save")';
const DELETE = 'button:has-text("Delete this supplier")';

const open = (keys, path) => keys.page.goto(`${address}/admin${path}`);

async function edit(keys, name = NAME) {
  await open(keys, `/suppliers?q=${encodeURIComponent(name)}`);
  await keys.go(keys.page.locator('tr', { hasText: name })
    .locator('a:has-text("edit")'));
}

async function add(keys) {
  const { page } = keys;
  await open(keys, '/');
  await keys.round();
  await keys.go('nav >> text=Suppliers list');
  await keys.round();
  await keys.go('a:has-text("Add a new supplier")');
  await keys.write('#name', NAME);
  await keys.write('#phone', '12');
  await keys.go(SAVE);
  assert.ok(await keys.has(page.locator('.summary')), 'faults have the focus');
  await keys.round();
  await keys.press('.summary a:has-text("city")');
  assert.ok(await keys.has(page.locator('#city')), 'the field has the focus');
  await page.keyboard.type('Łódź');
  await keys.write('#address', 'ul. Piotrkowska 7');
  await keys.write('#country', 'Polska');
  await keys.write('#phone', '+48 42 5557736');
  await keys.write('#notes', 'Ask for *María*.');
  await keys.go('button:has-text("Preview notes")');
  await keys.says('Preview of the notes');
  await keys.round();
  await keys.go(SAVE);
  await keys.says(`Added ${NAME}`);
  assert.ok(await keys.has(page.locator('.done')), 'the notice has the focus');
}

async function change(keys) {
  await edit(keys);
  await keys.round();
  await keys.write('#city', 'Lodz');
  await keys.go('#city', 'Enter', true); // the field itself saves
  await keys.says(`Saved ${NAME}`);
}

async function clash(keys, others) {
  const { page } = keys;
  await edit(keys);
  await edit(others);
  await others.write('#city', 'Warszawa');
  await others.write('#notes', 'Theirs.');
  await others.go(SAVE);
  await keys.write('#city', 'Gdańsk');
  await keys.write('#notes', 'Mine.');
  await keys.go(SAVE);
  await keys.says('Somebody else has changed this supplier');
  await keys.round();
  await keys.press('[name="use-city"]', 'Space');
  await page.keyboard.press('ArrowDown');
  assert.ok(await page.isChecked('[name="use-city"][value="mine"]'));
  await keys.press('[name="use-notes"]', 'Space');
  assert.ok(await page.isChecked('[name="use-notes"][value="theirs"]'));
  await keys.go(SAVE);
  await keys.says(`Saved ${NAME}`);
  await edit(keys);
  assert.strictEqual(await page.inputValue('#city'), 'Gdańsk');
  assert.strictEqual(await page.inputValue('#notes'), 'Theirs.');
}

async function remove(keys) {
  await edit(keys);
  await keys.write('#state', 'typed');
  await keys.go(DELETE);
  await keys.round();
  await keys.go('button:has-text("Keep it")');
  await keys.says('was not deleted');
  assert.strictEqual(await keys.page.inputValue('#state'), 'typed');
  await keys.go(DELETE);
  await keys.go(DELETE);
  await keys.says(`Deleted ${NAME}`);
  await keys.round();
  await keys.go('.done button');
  await keys.says(`${NAME} is back`);
}

async function history(keys) {
  const { page } = keys;
  await open(keys, '/history');
  await keys.write('#supplier', NAME);
  await keys.choose('#action', 'Changed');
  await keys.go('main form button');
  assert.match(page.url(), /action=update/);
  await keys.round();
  await keys.go('a:has-text("Undo this change")');
  await keys.round();
  await keys.go('button:has-text("Undo this change")');
  await keys.says(`Restored ${NAME}`);
  await edit(keys);
  assert.strictEqual(await page.inputValue('#notes'), 'Theirs.');
  assert.strictEqual(await page.inputValue('#city'), 'Warszawa');
  await keys.go('a:has-text("History of this supplier")');
  await keys.go(page.locator('a:has-text("Restore as of then")').last());
  await keys.round();
  await keys.go('button:has-text("Restore as of then")');
  await keys.says(`Restored ${NAME}`);
  await edit(keys);
  assert.strictEqual(await page.inputValue('#city'), 'Łódź');
}

async function end(keys) {
  await edit(keys);
  await keys.press('.end summary');
  await keys.round();
  await keys.write('#end-reason', 'closed down');
  await keys.go('button:has-text("Hide it from customers")');
  await keys.says(`Saved ${NAME}`);
  await edit(keys);
  await keys.says('No longer supplies since');
  await keys.round();
  await keys.go('button:has-text("Supplies again")');
  await edit(keys);
  await keys.says('This supplier no longer supplies');
}

const box = (n) => `tbody tr:nth-child(${n}) input[name="supplier"]`;

async function many(keys) {
  const { page } = keys;
  await open(keys, '/suppliers');
  await keys.press(box(2), 'Space');
  await keys.press(box(4), 'Space');
  await keys.round(); // the bar stays at hand and covers nothing
  await keys.go('button:has-text("Set one field")');
  await keys.round();
  await keys.choose('#field', 'City');
  await keys.write('#value', 'Nowhere');
  await keys.go('button:has-text("Preview")');
  await keys.says('Change 2 suppliers?');
  await keys.round();
  await keys.go('button:has-text("Change 2 suppliers")');
  await keys.says('Changed 2 suppliers at once.');
  await keys.go('.done a');
  await keys.go('a:has-text("Undo all")');
  await keys.round();
  await keys.go('button:has-text("Undo 2 changes")');
  await keys.says('Restored 2 suppliers at once.');
  assert.strictEqual(
    await page.locator('td', { hasText: 'Nowhere' }).count(), 0);
}

const PASTED = 'name,address,town,country,phone\n' +
  `${NAME},ul. Piotrkowska 7,Poznań,Polska,+48 42 5557736\n` +
  'Hill Roasters,1 Hill Road,Waterbury,USA,+1 802 5550100\n' +
  'Nobody,,,,\n';

// What was asked for takes the daemon a moment: the page that the button leads
// to makes way by itself for the one with this heading. That may be the heading
// of the page with the button, too, so that one has to be gone first.
async function ask(keys, button, heading) {
  const { page } = keys;
  await keys.to(button);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await page.locator('h1', { hasText: heading }).waitFor({ timeout: 30000 });
  await page.waitForLoadState();
}

async function imports(keys) {
  const { page } = keys;
  await open(keys, '/import');
  await keys.round();
  await keys.write('#text', PASTED);
  await ask(keys, 'button:has-text("Show what would change")',
    'Preview of the import');
  await keys.round();
  await keys.press('.import-format summary');
  await keys.choose('label:has-text("town") + select', 'State');
  await keys.choose('label:has-text("town") + select', 'City');
  await ask(keys, 'button:has-text("Read the file again")',
    'Preview of the import');
  await keys.go('.import-counts a:has-text("New")');
  await keys.says('Hill Roasters');
  await keys.round();
  await ask(keys, 'button:has-text("Start: add 1, change 1")', 'Import done');
  await keys.round();
  await ask(keys, 'button:has-text("Undo this import")', 'undone');
  await edit(keys);
  assert.strictEqual(await page.inputValue('#city'), 'Łódź');
}

async function main() {
  await walk.open();
  const keys = new Keys(await walk.person(), all);
  const others = new Keys(await walk.person());
  await keys.page.setViewportSize({ width: 1280, height: 800 });
  for (const step of [add, change, clash, remove, history, end, many,
    imports]) {
    await step(keys, others);
  }
  if (all) {
    // on a small window too, nothing lies upon what has the focus
    await keys.page.setViewportSize({ width: 390, height: 740 });
    await edit(keys);
    await keys.round();
    await many(keys);
  }
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
