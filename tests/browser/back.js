// The browser's Back button after each kind of post, in Chromium or Firefox
// with the flags that people have. Argument: chrome|forgetful|firefox. The
// browser stays for many steps: each line of standard input is an array in
// JSON, with an address, the name of a step below, and what else that step
// needs. The answer is a line with the number of posts, or with the error.
const assert = require('assert');
const puppeteer = require('puppeteer-core');
const readline = require('readline');
const { control } = require('./control');

const [kind] = process.argv.slice(2);
const CHROMIUM = {
  executablePath: `${__dirname}/chromium.py`,
  env: { ...process.env, CAFE_CHROMIUM: '/usr/bin/chromium' },
};
const BROWSERS = {
  chrome: { ...CHROMIUM, args: ['--no-sandbox'] },
  // one that keeps no whole pages in memory, as on phones that are short of it:
  // without a window it never does
  forgetful: { executablePath: CHROMIUM.executablePath, headless: 'shell',
    args: ['--no-sandbox', '--disable-gpu'] },
  firefox: { executablePath: '/usr/bin/firefox-esr', args: [] },
};
const WAIT = { timeout: 30000 };

// A supplier in which every field tells the number.
const supplier = (n) => ({
  name: `Roastery ${n}`, address: `${n} Bean St`, city: `City ${n}`,
  state: `State ${n}`, country: 'Denmark', email: `r${n}@example.com`,
  phone: `+45 66 00 00 ${10 + n}`, notes: `# Notes ${n}\n\nTwo lines.`,
});

const text = (page) => page.evaluate(() =>
  `${document.title}\n${document.querySelector('main, body').innerText}`);
const value = (page, name) => page.$eval(`#${name}`, (e) => e.value);

async function until(page, what, condition) {
  for (let tries = 0; tries < 300; tries += 1) {
    // a page that is just being left can't answer
    if (await condition().catch(() => false)) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  assert.fail(`${kind}: ${page.url()} is not: ${what}\n` +
    await text(page).catch((error) => error.message));
}

const says = (page, words) => until(page, words, async () =>
  new RegExp(words).test(await text(page)));

async function fill(page, fields) {
  for (const [name, words] of Object.entries(fields)) {
    await page.$eval(`#${name}`, (e) => { e.value = ''; });
    await page.type(`#${name}`, words);
  }
}

// Leave the page by a click, or for an address; the next one is there.
async function leave(page, to) {
  await page.evaluate(() => { window.left = true; });
  await (typeof to === 'string' ? page.evaluate((url) => {
    window.location.assign(url);
  }, to) : to.evaluate((e) => e.click()));
  await until(page, 'left', () => page.evaluate(() =>
    !window.left && document.readyState === 'complete' &&
    document.querySelector('main, h1') !== null));
}

let address = '';
let posts = 0;

async function press(page, words) {
  posts += 1;
  await leave(page, await page.waitForSelector(
    `::-p-xpath(//main//button[contains(., "${words}")])`, WAIT));
}

const follow = async (page, words) => leave(page, await page.waitForSelector(
  `::-p-xpath(//main//a[contains(., "${words}")])`, WAIT));

const open = (page, path) => leave(page, address + path);

// The real button; Firefox does not tell of pages that it has kept.
async function back(page, words) {
  page.goBack({ timeout: 0 }).catch(() => null);
  await says(page, words);
}

async function edit(page, n) {
  await open(page, `/admin/suppliers?q=Roastery+${n}`);
  await leave(page, await page.waitForSelector(
    '::-p-xpath(//a[starts-with(., "edit")])', WAIT));
}

// The page that the browser has kept asks: its key has added a supplier.
async function save(page, asks, answer) {
  await press(page, 'Save');
  if (!asks) return;
  await says(page, 'Is this a different supplier');
  await press(page, answer);
}

// Three are added, two of them by going back.
async function three(page) {
  await open(page, '/admin/suppliers');
  await open(page, '/admin/supplier-add');
  for (const n of [1, 2, 3]) {
    await fill(page, supplier(n));
    await save(page, n > 1, 'Save as a new supplier');
    await says(page, `Added Roastery ${n}`);
    if (n < 3) await back(page, 'Add a new supplier –');
  }
}

// The same form corrects what it has added.
async function correction(page) {
  await open(page, '/admin/supplier-add');
  await fill(page, supplier(1));
  await save(page);
  await says(page, 'Added Roastery 1');
  await back(page, 'Add a new supplier –');
  await fill(page, { ...supplier(1), city: 'Corrected' });
  await save(page, true, 'Change Roastery 1');
  await says(page, 'Saved Roastery 1');
}

// One edit, back, another one: both are there, and what others did.
async function edits(page) {
  await edit(page, 1);
  await fill(page, { city: 'First' });
  await press(page, 'Save');
  await says(page, 'Saved');
  await back(page, 'Update supplier –');
  await fill(page, { state: 'Second' });
  await press(page, 'Save');
  await says(page, 'Saved');
}

// A faulty form, the preview and "Save anyway", each followed by Back.
async function ways(page) {
  await open(page, '/admin/supplier-add');
  await fill(page, { ...supplier(1), phone: '?' });
  await press(page, 'Save');
  await says(page, 'There is a problem');
  await fill(page, { phone: supplier(1).phone });
  await press(page, 'Preview notes');
  await says(page, 'Preview of the notes');
  await press(page, 'Save');
  await says(page, 'Added Roastery 1');
  await back(page, 'Preview of the notes');
  await fill(page, { ...supplier(2), phone: supplier(1).phone });
  await press(page, 'Save');
  await press(page, 'Save as a new supplier');
  await says(page, 'Is it one of these?');
  await press(page, 'Save anyway');
  await says(page, 'Added Roastery 2');
  await back(page, 'Is it one of these?');
  await fill(page, supplier(3));
  await press(page, 'Save anyway');
  await press(page, 'Save as a new supplier');
  await says(page, 'Added Roastery 3');
}

// Deleting, going back and deleting again; undoing, and the same.
async function removal(page) {
  await edit(page, 1);
  const id = new URL(page.url()).pathname.split('/').pop();
  await open(page, `/admin/supplier-remove/${id}`);
  await press(page, 'Delete this supplier');
  await says(page, 'Deleted Roastery 1');
  await press(page, 'Undo');
  await says(page, 'is back');
  await back(page, 'Deleted Roastery 1|Roastery 1 was deleted');
  await edit(page, 1);
  await fill(page, { city: 'Changed' });
  await press(page, 'Save');
  await open(page, `/admin/supplier-history/${id}`);
  await follow(page, 'Restore as of then');
  await press(page, 'Restore as of then');
  // One browser has kept the page, another asks for it again.
  await back(page, 'Restore a supplier –');
  if ((await text(page)).includes('Nothing would change')) {
    await open(page, `/admin/supplier-history/${id}`);
  } else {
    await press(page, 'Restore as of then');
  }
  await says(page, 'Roastery 1');
}

// The links of a page that was the answer to a post, and back: the page is
// there as it was left, with what was typed on. Of the banner's links, which
// all pages share, one is followed; of the page's own the first one, in a long
// run each.
async function links(page, words) {
  const typed = await page.$('#city') !== null;
  const places = await page.$$eval('a:not([href^="#"])', (all, each) => {
    const own = all.filter((a) => a.closest('main'));
    return [all.find((a) => !own.includes(a)),
      ...own.slice(0, each ? undefined : 1)].map((a) => all.indexOf(a));
  }, Boolean(process.env.CAFE_LONG));
  assert.ok(places.length > 1);
  for (const n of places) {
    if (typed) await fill(page, { city: `typed ${n}` });
    const link = (await page.$$('a:not([href^="#"])'))[n];
    const href = await link.evaluate((a) => a.href);
    const from = await page.evaluate(() => document.title);
    await leave(page, link);
    assert.ok(!(await text(page)).includes(words), href);
    await back(page, words);
    assert.strictEqual(await page.evaluate(() => document.title), from);
    if (typed) assert.strictEqual(await value(page, 'city'), `typed ${n}`);
  }
}

// Every page that answers a post, with its links.
async function answers(page, switches) {
  const looked = async (words) => {
    await says(page, words);
    await links(page, words);
  };
  await edit(page, 1);
  const id = new URL(page.url()).pathname.split('/').pop();
  await fill(page, { phone: '?' });
  await press(page, 'Save');
  await looked('There is a problem');
  await press(page, 'Preview notes');
  await looked('Preview of the notes');

  await open(page, '/admin/supplier-add');
  await fill(page, { ...supplier(2), phone: supplier(1).phone });
  await press(page, 'Save');
  await looked('Is it one of these?');
  await press(page, 'Save anyway');
  await says(page, 'Added Roastery 2');

  const other = await page.browser().newPage();
  await edit(page, 1);
  await edit(other, 1);
  await fill(other, { city: 'Theirs' });
  await press(other, 'Save');
  await fill(page, { city: 'Mine' });
  await press(page, 'Save');
  await looked('Both of you changed these');

  await open(page, `/admin/supplier-remove/${id}`);
  await edit(other, 1);
  await fill(other, { state: 'Newer' });
  await press(other, 'Save');
  await press(page, 'Delete this supplier');
  await looked('Nothing else has been done yet');

  await open(page, `/admin/supplier-history/${id}`);
  await follow(page, 'Restore as of then');
  await edit(other, 1);
  await fill(other, { state: 'Newest' });
  await press(other, 'Save');
  await press(page, 'Restore as of then');
  await looked('Nothing else has been done yet');

  await edit(page, 1);
  await edit(other, 1);
  await fill(page, { city: 'Typed while away' });
  await control(switches, 'stop');
  await press(page, 'Save');
  await looked('The database is not answering right now');
  await control(switches, 'start');
  await until(page, 'saved', async () => {
    if (!(await text(page)).includes('Saved')) await press(page, 'Save');
    return (await text(page)).includes('Saved');
  });

  await edit(page, 1);
  await open(other, `/admin/supplier-remove/${id}`);
  await press(other, 'Delete this supplier');
  await fill(page, { city: 'In vain' });
  await press(page, 'Save');
  await looked('Somebody has deleted this supplier');
}

// What a browser makes of texts that it only shows.
async function untouched(page) {
  await edit(page, 1);
  await page.$eval('#state', (e) => { e.value = ''; });
  await page.type('#state', 'Changed');
  await press(page, 'Save');
  await says(page, 'Saved');
}

// Typed and not saved: it is there again after a link and Back, after Delete
// and Back, and after Delete and "Keep it". What others saved meanwhile is not
// overwritten.
async function typed(page, scripts) {
  const texts = { name: 'Roastery 1 & Sons', city: 'Typed',
    notes: 'Two\nlines "typed"' };
  const there = async () => {
    for (const [name, words] of Object.entries(texts)) {
      assert.strictEqual(await value(page, name), words);
    }
  };
  const other = await page.browser().newPage();
  if (scripts === 'off') await page.setJavaScriptEnabled(false);
  await edit(page, 1);
  await fill(page, texts);
  await edit(other, 1);
  await fill(other, { city: 'Theirs' });
  await press(other, 'Save');
  for (const link of ['History of this supplier', 'Cancel']) {
    await follow(page, link);
    await back(page, 'Update supplier –');
    await there();
  }
  await press(page, 'Delete this supplier');
  await says(page, 'Delete Roastery 1\\?');
  await back(page, 'Update supplier –');
  await there();
  await press(page, 'Delete this supplier');
  await press(page, 'Keep it');
  await says(page, 'was not deleted');
  await there();
  await press(page, 'Save');
  await says(page, 'Both of you changed these');
  await there();
  await open(page, '/admin/supplier-add');
  await fill(page, texts);
  await follow(page, 'Cancel');
  await back(page, 'Add a new supplier –');
  await there();
}

// Also in a tab that another one covers.
const click = (page, selector) => page.$eval(selector, (e) => e.click());

// Chosen and not confirmed: it is there again after a link and Back, whatever
// others have done meanwhile; after a confirmation, too.
async function choices(page, undo, scripts) {
  const picked = () => page.$eval('input[name="use-city"][value="before"]',
    (e) => e.checked);
  const other = await page.browser().newPage();
  if (scripts === 'off') await page.setJavaScriptEnabled(false);
  await open(page, undo);
  await click(page, 'input[name="use-city"][value="before"]');
  await edit(other, 1);
  await fill(other, { state: 'Theirs' });
  await press(other, 'Save');
  await follow(page, 'Leave it as it is');
  await back(page, 'Undo a change –');
  await until(page, 'as chosen', picked);
  await press(page, 'Undo this change');
  // A page that the browser has kept is based on what was there before.
  if (/Nothing else has been done yet/.test(await text(page))) {
    await press(page, 'Undo this change');
  }
  await says(page, 'Restored Roastery 1');
  await back(page, 'Undo a change –');
  await until(page, 'as chosen', picked);
}

async function mapping(page, scripts) {
  const rows = 'Wer,Wo,Adresse,Phone,Country\n' +
    ['Bern', 'Basel'].map((city) =>
      `Ann,${city},Weg 1,+41 31 555 01 00,Switzerland\n`).join('');
  const chosen = () => page.evaluate(() => ['c1', 'clear_empty', 'choice'].map(
    (name) => {
      const field = document.querySelector(
        `[name="${name}"]:not([type="radio"]), [name="${name}"][value="new"]`);
      return field.options ? field.value : field.checked;
    }));
  if (scripts === 'off') await page.setJavaScriptEnabled(false);
  await open(page, '/admin/import');
  await fill(page, { text: rows });
  await press(page, 'Show what would change');
  await until(page, 'read', async () => {
    if (scripts === 'off') await open(page, page.url().slice(address.length));
    return /can't be read/.test(await text(page));
  });
  await page.select('[name="c0"]', '0');
  await page.select('[name="c1"]', '2');
  await page.select('[name="c2"]', '1');
  await press(page, 'Read the file again');
  await until(page, 'read', async () => {
    if (scripts === 'off') await open(page, page.url().slice(address.length));
    return /Preview of the import/.test(await text(page));
  });
  const before = await chosen();
  await page.evaluate(() => {
    document.querySelector('details').open = true;
  });
  await page.select('[name="c1"]', '3');
  await click(page, '[name="clear_empty"]');
  await click(page, '[name="choice"][value="new"]');
  const after = await chosen();
  assert.ok(after.every((each, n) => each !== before[n]));
  await leave(page, await page.waitForSelector('a[href="/admin/history"]'));
  await back(page, 'Preview of the import –');
  await until(page, 'as chosen', async () =>
    `${await chosen()}` === `${after}`);
}

const STEPS = { three, correction, edits, ways, removal, answers, untouched,
  typed, choices, mapping };

async function main() {
  const browser = await puppeteer.launch({
    browser: kind === 'firefox' ? kind : 'chrome', headless: true,
    ...BROWSERS[kind],
  });
  for await (const line of readline.createInterface(process.stdin)) {
    const [where, step, ...more] = JSON.parse(line);
    const page = await browser.newPage();
    address = where;
    posts = 0;
    let error;
    await STEPS[step](page, ...more).catch((reason) => {
      error = reason.stack;
    });
    console.log(JSON.stringify({ posts, error }));
    const blank = await browser.newPage();
    for (const old of await browser.pages()) if (old !== blank) old.close();
  }
  await browser.close();
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
