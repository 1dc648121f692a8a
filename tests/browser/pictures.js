// The pictures of README.md and docs/: light, 1280 px wide.
// Arguments: addresses of customer and employee, which takes a person's name
// from X-Forwarded-User; folder.
const assert = require('assert');
const { launch } = require('./launch');

const [customer, employee, folder] = process.argv.slice(2);
const NAME = 'Thames Tea & Coffee';
const save = (page) => page.click('main button:text-is("Save")');

async function says(page, text) {
  await page.locator('main', { hasText: text }).first().waitFor();
}

// A screen, or down to the end of an element.
async function picture(page, name, last) {
  const height = last ? await page.locator(last).evaluate((element) =>
    element.getBoundingClientRect().bottom + window.scrollY + 16) : 720;
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true,
    clip: { x: 0, y: 0, width: 1280, height } });
}

async function edit(page) {
  await page.goto(`${employee}/admin/suppliers`);
  await page.locator('tr', { hasText: NAME })
    .locator('a:has-text("edit")').click();
}

async function clash(one, other) {
  await edit(one);
  await edit(other);
  await other.fill('#phone', '+44 20 7946 0321');
  await save(other);
  await says(other, 'Saved');
  await one.fill('#phone', '+44 20 7946 0123');
  await save(one);
  await says(one, 'Somebody else has changed this supplier');
  await picture(one, 'clash', '#phone');
}

async function duplicate(page) {
  await page.goto(`${employee}/admin/supplier-add`);
  for (const [name, text] of [['name', 'Thames Tea and Coffee Ltd'],
    ['address', '221 Bankside'], ['city', 'London'],
    ['country', 'United Kingdom'], ['phone', '020 7946 0321']]) {
    await page.fill(`#${name}`, text);
  }
  await save(page);
  await says(page, 'Is it one of these?');
  await picture(page, 'duplicates');
}

async function notes(page) {
  await edit(page);
  await page.click('text=Preview notes');
  await says(page, 'Preview of the notes');
  await picture(page, 'notes');
}

async function undo(page) {
  await edit(page);
  await page.click('text=Delete this supplier');
  await page.click('button:has-text("Delete this supplier")');
  await says(page, 'Deleted');
  await picture(page, 'undo', 'tbody tr:nth-child(8)');
  await page.click('button:has-text("Undo")');
  await says(page, 'is back');
  await page.click('nav >> text=History');
  await picture(page, 'history');
}

async function preview(page) {
  await page.goto(`${employee}/admin/import`);
  await page.setInputFiles('#file', {
    name: 'spring.csv', mimeType: 'text/csv', buffer: Buffer.from([
      'Firm;Street;Town;Country;Mail;Telephone',
      `${NAME};221 Bankside;London;United Kingdom;;+44 20 7946 0777`,
      'Nordlys Kaffe;Storgata 12;Tromsø;Norway;post@nordlys.example;' +
        '+47 77 55 01 01',
      'Alto Roasters;Rua Direita 8;;Brazil;alto.example;+55 11 5550 1234',
    ].join('\n')),
  });
  await page.click('button:text-is("Show what would change")');
  await says(page, 'Preview of the import');
  await picture(page, 'import', '.entry:nth-child(3)');
}

async function main() {
  const browser = await launch();
  const person = async (name) => {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 720 }, colorScheme: 'light',
      reducedMotion: 'reduce', extraHTTPHeaders: {
        'X-Forwarded-For': '10.0.0.7', 'X-Forwarded-User': name },
    });
    return context.newPage();
  };
  const one = await person('Ben Example');
  const other = await person('Ann Example');
  await one.goto(`${customer}/suppliers`);
  assert.ok(await one.locator('tbody tr').count() > 10);
  await picture(one, 'list', 'tbody tr:nth-child(10)');
  await clash(one, other);
  await duplicate(one);
  await notes(one);
  await undo(one);
  await preview(one);
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
