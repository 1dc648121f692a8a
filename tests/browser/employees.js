// Two employees at work: add, clash, merge, duplicates, delete and undo, the
// history, restoring, the preview, faulty forms, the database away and back.
// Arguments: address, on|off (JavaScript), plain|hostile (texts), folder for
// screenshots, address that stops (/stop) and starts (/start) the database.
const assert = require('assert');
const { control } = require('./control');
const { Walk } = require('./walk');

const [address, scripts, kind, folder, switches] = process.argv.slice(2);
const PLAIN = {
  name: 'Café Łódź & “Sons”', address: 'ul. Piotrkowska 7', city: 'Łódź',
  state: 'łódzkie', country: 'Polska', email: 'beans@example.com',
  phone: '+48 42 555 77 36', website: 'kawa.example/sklep?a=1&b=2',
  notes: '# Ordering\n\nAsk for **María**, Mondays only.\n\n- arabica\n- ' +
    'robusta\n\n[Price list](https://example.com/prices)',
};
const HOSTILE = {
  name: '<script>alert(1)</script>"\'><img src=//evil.test/n onerror=alert(1)>',
  address: '"><svg onload=alert(2)><a href="javascript:alert(2)">{{name}}',
  city: '</title></textarea><script src=https://evil.test/c.js></script>',
  state: '\'"--><iframe src="http://evil.test/s"></iframe>&#x3c;b>',
  country: '<meta http-equiv=refresh content="0;url=http://evil.test/">',
  email: "'/onmouseover=alert`6`/x='{{{name}}}&lt&quot&#60@x",
  phone: '+48 42 555 77 36',
  website: "https://evil.test/'onclick='alert(7)'#&quot;",
  notes: '</textarea><script>alert(8)</script>\n\n' +
    '[x](javascript:alert(8)) ![i](http://evil.test/i.png)\n\n' +
    '<img src=http://evil.test/j onerror=alert(8)>\n\n' +
    '[y](data:text/html,<script>alert(8)</script>)\n\n' +
    '<style>*{background:url(//evil.test/k)}</style>',
};
const TEXTS = kind === 'hostile' ? HOSTILE : PLAIN;
const walk = new Walk({
  address, folder, scripts: scripts === 'on',
  looks: scripts === 'on' && kind === 'plain',
});

const database = (what) => control(switches, what);
const save = (page) => page.click('main button:text-is("Save")');

async function fill(page, fields) {
  for (const [name, text] of Object.entries(fields)) {
    await page.fill(`#${name}`, text);
  }
}

// The form of the one supplier of this walk, from the list.
async function edit(page, name = TEXTS.name) {
  await page.goto(`${address}/admin/suppliers?sort=city&per=100`);
  await page.locator('tr', { has: page.locator('th', {
    hasText: name }) }).locator('a:has-text("edit")').first().click();
}

async function says(page, text) {
  try {
    await page.locator('main', { hasText: text }).waitFor({ timeout: 15000 });
  } catch (error) {
    const all = await page.locator('body').innerText();
    assert.fail(`${page.url()} does not say: ${text}\n${all}`);
  }
}

async function add(page) {
  await page.goto(`${address}/admin`);
  await walk.look(page, 'admin-home');
  await page.click('nav >> text=Suppliers list');
  await walk.look(page, 'admin-list');
  await page.click('text=Add a new supplier');
  await walk.look(page, 'add');
  await fill(page, { ...TEXTS, city: '', phone: '12' });
  await save(page);
  assert.strictEqual(await page.title(),
    'Error: Add a new supplier – Manage coffee suppliers');
  assert.strictEqual(await page.inputValue('#notes'), TEXTS.notes);
  await walk.look(page, 'add-faulty');
  await page.click('.summary >> text=The supplier city is required');
  assert.ok(page.url().endsWith('#city'));
  await fill(page, TEXTS);
  await page.click('text=Preview notes');
  await says(page, 'Preview of the notes');
  await walk.look(page, 'preview');
  assert.strictEqual(await page.inputValue('#notes'), TEXTS.notes);
  await page.focus('#city');
  await page.keyboard.press('Enter'); // Save, never Preview
  await page.waitForURL(/saved=\d+$/);
  await says(page, 'Added');
  await walk.look(page, 'added');
}

async function duplicate(page) {
  await page.click('text=Add a new supplier');
  await fill(page, { ...TEXTS, name: 'Another', email: '' });
  await save(page);
  await says(page, 'Is it one of these?');
  await walk.look(page, 'duplicates');
  await page.click('button:has-text("Save anyway")');
  await says(page, 'Added Another');
}

// A form whose key has added one already, with another supplier in it.
async function again(page) {
  await page.goto(`${address}/admin/supplier-add`);
  const key = await page.inputValue('[name=form_key]');
  await fill(page, { ...TEXTS, name: 'First', city: 'Hel', email: '',
    phone: '555-0101' });
  await save(page);
  await says(page, 'Added First');
  await page.goto(`${address}/admin/supplier-add`);
  await page.$eval('[name=form_key]', (e, text) => { e.value = text; }, key);
  await fill(page, { ...TEXTS, name: 'Last', city: 'Sopot', email: '',
    phone: '555-0102' });
  await save(page);
  await says(page, 'Is this a different supplier?');
  await walk.look(page, 'another');
  await page.click('button:has-text("Save as a new supplier")');
  await says(page, 'Added Last');
}

// What was stored before there were rules.
async function old(page) {
  await database('old');
  await edit(page, 'Last');
  await says(page, 'You can leave this as it is');
  await walk.look(page, 'update-old');
  await fill(page, { city: 'Gdynia' });
  await save(page);
  await says(page, 'Saved');
}

async function clash(one, other) {
  await edit(one);
  await edit(other);
  await walk.look(one, 'update');
  await fill(other, { city: 'Warszawa', notes: 'Closed on *Fridays*.',
    state: 'mazowieckie' });
  await save(other);
  await says(other, 'Saved');
  assert.ok(other.url().includes('sort=city&'), other.url());
  await fill(one, { city: 'Gdańsk', notes: 'Open on Sundays.',
    country: 'Poland' });
  await save(one);
  await says(one, 'Somebody else has changed this supplier');
  await says(one, 'Warszawa');
  await walk.look(one, 'clash');
  assert.strictEqual(await one.locator('[name^="use-"]:checked').count(), 0);
  await one.locator('input[name="use-notes"][value="theirs"]').check();
  await save(one);
  await says(one, 'City: choose their version or yours');
  await walk.look(one, 'clash-undecided');
  await one.locator('input[name="use-city"][value="mine"]').check();
  await save(one);
  await says(one, 'Saved');
  await edit(one);
  assert.strictEqual(await one.inputValue('#city'), 'Gdańsk');
  assert.strictEqual(await one.inputValue('#notes'), 'Closed on *Fridays*.');
  assert.strictEqual(await one.inputValue('#state'), 'mazowieckie');
}

async function merge(one, other) {
  await edit(one);
  await edit(other);
  await fill(other, { address: 'New Street 1' });
  await save(other);
  await fill(one, { state: 'pomorskie' });
  await save(one);
  await says(one, 'Both changes have been saved');
  await walk.look(one, 'merged');
}

async function removal(one, other) {
  await edit(one);
  await edit(other);
  await one.click('text=Delete this supplier');
  await walk.look(one, 'delete');
  await fill(other, { city: 'Sopot' });
  await save(other);
  await one.click('button:has-text("Delete this supplier")');
  await says(one, 'Somebody else has changed this supplier');
  await walk.look(one, 'delete-changed');
  await edit(other);
  await fill(other, { city: 'Typed in vain' });
  await one.click('button:has-text("Delete this supplier")');
  await says(one, 'Deleted');
  await walk.look(one, 'deleted');
  await save(other);
  await says(other, 'Somebody has deleted this supplier');
  await walk.look(other, 'gone');
  await one.click('button:has-text("Undo")');
  await says(one, 'is back');
  await walk.look(one, 'undone');
}

async function history(one, other) {
  await one.click('nav >> text=History');
  await says(one, 'was deleted');
  await walk.look(one, 'history');
  await edit(one);
  await one.click('text=History of this supplier');
  await walk.look(one, 'history-one');
  await one.locator('a:has-text("Restore as of then")').last().click();
  await says(one, 'What will change');
  await walk.look(one, 'restore');
  await edit(other);
  await fill(other, { city: 'Hel' });
  await save(other);
  await one.click('button:has-text("Restore as of then")');
  await says(one, 'Somebody else has changed this supplier');
  await walk.look(one, 'restore-changed');
  await one.click('button:has-text("Restore as of then")');
  await says(one, 'Restored');
  await walk.look(one, 'restored');
  await undoing(one, other);
  await one.goto(`${address}/admin`);
  await says(one, 'was restored');
  await walk.look(one, 'admin-home-changes');
}

// A change in which somebody has changed one of two fields again.
async function undoing(one, other) {
  await edit(one);
  await fill(one, { city: 'Wrong', state: 'Wrong' });
  await save(one);
  await edit(other);
  await fill(other, { city: 'Again' });
  await save(other);
  await edit(one);
  await one.click('text=History of this supplier');
  await one.locator('a:has-text("Undo this change")').nth(1).click();
  await says(one, 'City: changed again since');
  await walk.look(one, 'undo');
  await one.$eval('main form', (form) => { form.noValidate = true; });
  await one.click('button:has-text("Undo this change")');
  await says(one, 'Nothing has been undone yet: choose');
  await walk.look(one, 'undo-asks');
  await one.click('text=Keep what is there now: Again');
  await one.click('button:has-text("Undo this change")');
  await says(one, 'Restored');
}

// Hidden from customers, and back.
async function ended(page) {
  await edit(page);
  await page.click('text=This supplier no longer supplies');
  await walk.look(page, 'end');
  await page.fill('#end-reason', 'closed down');
  await page.click('button:has-text("Hide it from customers")');
  await says(page, 'no longer supplies');
  await walk.look(page, 'ended-list');
  await edit(page);
  await says(page, "Customers don't see this supplier");
  await walk.look(page, 'ended');
  await page.click('button:has-text("Supplies again")');
  await says(page, 'Saved');
  await edit(page);
  await says(page, 'This supplier no longer supplies');
}

async function away(page) {
  await edit(page);
  await fill(page, { city: 'Typed while away' });
  await database('stop');
  await save(page);
  await says(page, 'The database is not answering right now');
  assert.strictEqual(await page.inputValue('#city'), 'Typed while away');
  await walk.look(page, 'away');
  const other = await page.context().newPage();
  await other.goto(`${address}/admin`);
  await says(other, 'not available right now');
  await walk.look(other, 'admin-home-away');
  await other.goto(`${address}/admin/suppliers`);
  await walk.look(other, 'admin-list-away');
  await other.close();
  await database('start');
  await save(page);
  await says(page, 'Saved');
}

async function odds(page) {
  for (const [name, path] of [['admin-404', '/admin/nothing'],
    ['no-such-supplier', '/admin/supplier-update/999999'],
    ['admin-none-found', '/admin/suppliers?q=zzzz']]) {
    await page.goto(address + path);
    await walk.look(page, name);
  }
  await page.goto(`${address}/admin/supplier-add`);
  await page.fill('#notes', 'x'.repeat(600 * 1024));
  await save(page);
  await says(page, 'This is too large to save');
  assert.strictEqual((await page.inputValue('#notes')).length, 600 * 1024);
  if (walk.looks) await page.fill('#notes', '');
  await walk.look(page, 'too-large');
}

// What customers see of it.
async function customers(page) {
  for (const path of ['/', '/suppliers']) await page.goto(address + path);
  await page.locator('th a', { hasText: TEXTS.name }).first().click();
}

async function main() {
  await walk.open();
  const one = await walk.person();
  const other = await walk.person();
  await add(one);
  await duplicate(one);
  await again(one);
  await old(one);
  await clash(one, other);
  await merge(one, other);
  await removal(one, other);
  await history(one, other);
  await customers(other);
  await ended(one);
  await away(one);
  await odds(one);
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
