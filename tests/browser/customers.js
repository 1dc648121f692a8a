// A manager of a café with a phone: finds suppliers, reaches them, takes them
// along, prints them; and every page and state there is.
// Arguments: address, on|off (JavaScript), plain|hostile (texts), folder for
// screenshots, address that fills (/fill), stops (/stop) and starts (/start)
// the database and deletes a supplier (/gone), address of a daemon that never reached one.
const assert = require('assert');
const fs = require('fs');
const { Walk } = require('./walk');
const { control } = require('./control');

const [address, scripts, kind, folder, database, lost] = process.argv.slice(2);
const PHONE = { width: 360, height: 740 };
const walk = new Walk({
  address, folder, scripts: scripts === 'on', more: [lost],
  looks: scripts === 'on' && kind === 'plain',
});

const turn = (what) => control(database, what);
const names = (page) => page.locator('tbody th').allInnerTexts();

async function open(page, path, name) {
  await page.goto(address + path);
  await walk.look(page, name);
}

async function search(page, text) {
  await page.setViewportSize(PHONE);
  await page.goto(address);
  await page.fill('#q', text);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/suppliers\?q=/);
  assert.strictEqual(await page.inputValue('#q'), text);
}

async function save(page, link) {
  const [file] = await Promise.all([
    page.waitForEvent('download'), page.click(`text=${link}`)]);
  return {
    name: file.suggestedFilename(),
    text: fs.readFileSync(await file.path(), 'utf8'),
  };
}

async function nobody(page) {
  await open(page, '/', 'home-none');
  await open(page, '/suppliers', 'list-none');
  assert.ok((await page.innerText('main')).includes('No suppliers yet'));
  assert.strictEqual(await page.locator('#q').count(), 0);
}

async function find(page) {
  for (const text of ['colibr', 'SALENTO', '6065550118', 'maria colibri']) {
    await search(page, text === 'maria colibri' ? 'quindio colibri' : text);
    assert.deepStrictEqual(await names(page), ['Finca El Colibrí'], text);
  }
  assert.strictEqual(await page.locator('tbody a[href^="tel:"]')
    .getAttribute('href'), 'tel:+576065550118;ext=3');
  await walk.look(page, 'found');
  await page.setViewportSize(PHONE);
  await page.click('tbody th a');
  await walk.look(page, 'supplier-notes');
}

async function reach(page) {
  const target = async (text) =>
    page.locator('.reach a', { hasText: text }).getAttribute('href');
  assert.strictEqual(await target('Call'), 'tel:+576065550118;ext=3');
  assert.strictEqual(await target('E-mail'), 'mailto:ventas@colibri.example');
  assert.ok((await target('map')).includes('Salento'));
  const card = await save(page, 'Save contact');
  assert.strictEqual(card.name, 'Finca El Colibrí.vcf');
  assert.ok(card.text.includes('FN:Finca El Colibrí'));
  await open(page, '/suppliers/9', 'supplier');
}

async function filter(page) {
  await open(page, '/suppliers', 'list');
  await page.setViewportSize(PHONE);
  await page.click('summary');
  await page.selectOption('#state', 'Quindío');
  await page.selectOption('#sort', 'city');
  await page.click('button:text-is("Show")');
  await page.waitForURL(/state=Quind/);
  await page.locator('tbody tr:only-child').waitFor();
  assert.deepStrictEqual(await names(page), ['Finca El Colibrí']);
  assert.ok(await page.locator('details[open]').isVisible());
  await walk.look(page, 'filtered');
  await page.setViewportSize(PHONE);
  await page.click('text=Clear search');
  assert.strictEqual(new URL(page.url()).search, '');
}

async function sort(page) {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.click('thead >> text=City');
  await page.click('thead >> text=City');
  await page.waitForURL(/sort=-city/);
  assert.strictEqual(await page.locator('[aria-sort]').innerText(), 'City');
  assert.strictEqual(await page.locator('[aria-sort]')
    .getAttribute('aria-sort'), 'descending');
  await walk.look(page, 'sorted');
}

async function takeAlong(page) {
  await page.setViewportSize(PHONE);
  await page.goto(`${address}/suppliers?q=roastery&page=2`);
  const cards = await save(page, 'Contacts (vCard)');
  assert.strictEqual(cards.text.split('BEGIN:VCARD').length - 1, 120);
  const table = await save(page, 'Table (CSV)');
  assert.strictEqual(table.text.trim().split('\r\n').length, 121);
  await page.click('a:text-is("Print all 120")');
  assert.strictEqual((await names(page)).length, 120);
  await walk.look(page, 'print');
  await print(page);
  await page.click('text=Back to the list');
  assert.strictEqual(page.url(), `${address}/suppliers?q=roastery`);
}

// On paper there are contacts, all of them, and nothing to click on.
async function print(page) {
  await page.emulateMedia({ media: 'print' });
  for (const hidden of ['.banner', '.reach']) {
    assert.ok(!await page.locator(hidden).first().isVisible(), hidden);
  }
  assert.ok(await page.locator('tbody tr').last().isVisible());
  await page.emulateMedia({ media: null });
  if (!walk.looks) return;
  const paper = await page.pdf({ format: 'A4' });
  fs.writeFileSync(`${folder}/print.pdf`, paper);
  const pages = paper.toString('latin1').split('/Type /Page\n').length - 1;
  assert.ok(pages === 2, `${pages} pages`);
}

// By keyboard alone: the first stop leads past the banner, each is seen.
async function keyboard(page) {
  await page.goto(`${address}/suppliers?q=roastery`);
  await page.keyboard.press('Tab');
  assert.strictEqual(await page.locator(':focus').innerText(),
    'Skip to the content');
  const box = await page.locator(':focus').boundingBox();
  assert.ok(box.x >= 0 && box.y >= 0 && box.height >= 24);
  await page.keyboard.press('Enter');
  assert.ok(page.url().endsWith('#main'));
  for (const stop of ['q', 'Search', 'Filter and sort', 'Clear search']) {
    await page.keyboard.press('Tab');
    const seen = page.locator(':focus');
    assert.ok([await seen.getAttribute('id'), (await seen.innerText())]
      .includes(stop), stop);
    if (!walk.scripts) continue;
    assert.ok(await seen.evaluate((e) =>
      parseFloat(getComputedStyle(e).outlineWidth) >= 2 ||
      getComputedStyle(e).boxShadow !== 'none'), `${stop} shows its focus`);
  }
}

async function odds(page) {
  await open(page, '/suppliers?q=zzzz', 'none-found');
  assert.ok((await page.innerText('main')).includes('Nothing matches ‘zzzz’'));
  await page.click('text=Clear search');
  assert.strictEqual(page.url(), `${address}/suppliers`);
  await open(page, '/nothing', '404');
  await turn('gone');
  await open(page, '/suppliers/9000', 'gone');
  assert.ok((await page.innerText('h1')).includes('no longer listed'));
  await page.goto(`${lost}/suppliers`);
  await walk.look(page, '503');
  assert.ok((await page.innerText('h1')).includes('not available'));
  await turn('stop');
  await open(page, '/suppliers?q=colibri', 'stale');
  assert.ok((await page.innerText('main')).includes(
      'This page shows the data as of'));
  await turn('start');
}

// Whatever is stored and whatever is searched for, nothing runs.
async function hostile(page) {
  for (const path of ['/', '/suppliers', '/suppliers/print',
    '/suppliers?sort=-email', '/suppliers?state=%3Cscript%3Ealert(1)']) {
    await page.goto(address + path);
  }
  await page.goto(`${address}/suppliers`);
  for (const link of await page.locator('tbody th a').evaluateAll((all) =>
    all.map((a) => a.href))) await page.goto(link);
  await page.goto(`${address}/suppliers`);
  for (const text of ['<img src=x onerror=alert(1)>', '"><script>alert(2)',
    '</title><svg onload=alert(3)>', 'alert']) {
    await page.fill('#q', text);
    await page.waitForURL(/[?&]q=/);
    await page.locator('main', { hasText: text === 'alert' ? ' of '
      : 'Nothing matches' }).waitFor();
    assert.strictEqual(await page.inputValue('#q'), text);
  }
  assert.ok((await names(page)).length > 0);
}

async function main() {
  await walk.open();
  const page = await walk.person();
  if (kind === 'hostile') {
    await hostile(page);
  } else {
    await nobody(page);
    await turn('fill');
    await open(page, '/', 'home');
    await find(page);
    await reach(page);
    await filter(page);
    await sort(page);
    await takeAlong(page);
    await keyboard(page);
    if (walk.looks) {
      await walk.large(['/', '/suppliers', '/suppliers/2',
        '/suppliers/print', '/nothing']);
    }
    await odds(page);
  }
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
