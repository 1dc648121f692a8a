// An employee imports files: upload, preview, corrections, a question, the
// result. Arguments: address, on|off (JavaScript), folder for screenshots.
const assert = require('assert');
const { Walk } = require('./walk');

const [address, scripts, folder] = process.argv.slice(2);
const walk = new Walk({
  address, folder, scripts: scripts === 'on', looks: scripts === 'on',
});
const HEADER = 'name,address,city,state,email,phone,notes\n';
const ROWS = [
  'Łódź Beans,ul. Piotrkowska 7,Łódź,łódzkie,beans@example.com,+48 42 5557736,',
  'Hill Roasters,1 Hill Road,Waterbury,Vermont,hill@example.com,' +
    '+1 802 5550100,',
  'Harbour Coffee,2 Quay,Leith,Scotland,quay@example.com,+44 131 4960000,',
];

async function says(page, text) {
  await page.locator('main', { hasText: text }).first()
    .waitFor({ timeout: 15000 });
}

async function upload(page, text, name = 'suppliers.csv') {
  await page.goto(`${address}/admin`);
  await page.click('nav >> text=Import');
  await page.setInputFiles('#file', {
    name, mimeType: 'text/csv', buffer: Buffer.from(text),
  });
  await page.click('button:text-is("Show what would change")');
  // A page without scripts renews itself.
  await page.locator('h1', { hasText: /Preview|can't be read|Import supp/ })
    .waitFor({ timeout: 15000 });
}

async function start(page) {
  await page.click('button:has-text("Start:")');
  await page.locator('h1', { hasText: 'Import done' })
    .waitFor({ timeout: 15000 });
}

// An import is one entry, and its pages and those of the list have numbers.
async function history(page) {
  await upload(page, HEADER + Array.from({ length: 530 }, (_, n) =>
    `Roaster ${n},${n} Main Street,Odense,Fyn,r${n}@example.com,` +
    `+45 33 12 ${1000 + n},`).join('\n'), 'roasters.csv');
  await start(page);
  await page.click('nav >> text=History');
  await says(page, 'Import of roasters.csv');
  await walk.look(page, 'history-imports');
  await page.click('text=Show all 530 changes');
  await says(page, 'Roaster 529 was added');
  await page.click('.pages a:has-text("Page 3")');
  await says(page, 'Roaster 479 was added');
  await walk.look(page, 'history-import');
  await page.goto(`${address}/admin/suppliers?q=roaster&per=5&page=53`);
  await page.locator('.pages [aria-current=page]:has-text("53")').waitFor();
  await walk.look(page, 'list-pages');
  await page.click('text=Import the edited file');
  assert.strictEqual(
    await page.locator('text=Back to your search').count(), 1);
}

// Each kind of rows has a page of its own.
async function kinds(page) {
  for (const [label, text] of [['New', 'Three Beans'],
    ['Changed', 'Piotrkowska 9'], ['Same', 'Hill Roasters'],
    ['Ambiguous', 'Which supplier is it?'],
    ['Possible duplicates', 'Add it as a new supplier anyway?'],
    ['With errors', 'E-mail should have one @'],
    ['Not in the file', 'Harbour Coffee']]) {
    await page.click(`.import-counts a:text-is("${label}")`);
    await says(page, text);
    assert.strictEqual(await page.locator('.import-counts a[aria-current]')
      .innerText(), label);
    await walk.look(page,
      `import-rows-${label.toLowerCase().replace(/ /g, '-')}`);
  }
  await page.click('a:has-text("Show all")');
}

async function main() {
  await walk.open();
  const page = await walk.person();
  await page.goto(`${address}/admin/import`);
  await walk.look(page, 'import');
  await page.fill('#text', 'PK\u0003\u0004, no table');
  await page.setInputFiles('#file', {
    name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('name\nA\n'),
  });
  await page.click('button:text-is("Show what would change")');
  await says(page, 'You chose a file and also pasted rows');
  assert.match(await page.inputValue('#text'), /no table/);
  await walk.look(page, 'import-refused');

  await upload(page, HEADER + ROWS.join('\n'));
  await says(page, 'add 3, change 0');
  await walk.look(page, 'import-new');
  await start(page);
  await walk.look(page, 'import-done');

  await upload(page, HEADER + [
    ROWS[0].replace('Piotrkowska 7', 'Piotrkowska 9'), ROWS[1],
    'Hill Club,9 Other Road,Bath,Somerset,other@example.com,' +
      '+1 802 5550100,',
    ',,,,no address,12,',
    'Three Beans,3 Lane,Bath,Somerset,,+44 1225 496001,**Fair** trade',
    'New One,3 Lane,Bath,Somerset,one@example.com,' +
      '+44 1225 496000,', 'New One,3 Lane,Bath,Somerset,one@example.com,' +
      '+44 1225 496000,'].join('\n'));
  await says(page, 'It has the phone number of a supplier');
  await walk.look(page, 'import-preview');
  await kinds(page);
  await page.click('summary');
  await walk.look(page, 'import-format');
  await page.check('label:has-text("A new supplier") input');
  await page.click('button:has-text("Save this answer")');
  await page.click('a:has-text("New")');
  await says(page, '9 Other Road');
  await page.check('[name=remove_missing]');
  await start(page);
  await page.goto(`${address}/admin/suppliers`);
  await says(page, 'Hill Club');
  assert.strictEqual(await page.locator('text=Harbour Coffee').count(), 0);

  await history(page);
  await upload(page, HEADER + '"Ann,Bath\n');
  await says(page, 'Nothing was imported.');
  await walk.look(page, 'import-failed');
  await page.goto(`${address}/admin/import`);
  await walk.look(page, 'imports');
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
