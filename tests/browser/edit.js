// Adds, edits and deletes a supplier as an employee does, and looks at the
// directory as a manager does. Arguments: address, on|off (JavaScript),
// folder for screenshots. Exits with 1 and a message when something is wrong.
const assert = require('assert');
const { launch } = require('./launch');

const [address, scripts, folder] = process.argv.slice(2);
const NAME = 'Ünïcode & “Sons” <b>';

async function shot(page, name) {
  await page.screenshot({
    path: `${folder}/${name}-scripts-${scripts}.png`, fullPage: true,
  });
}

async function add(page) {
  await page.goto(`${address}/admin`);
  await shot(page, 'admin-home');
  await page.click('nav >> text=Suppliers list');
  await page.click('text=Add a new supplier');
  await page.fill('#name', NAME);
  await page.fill('#phone', '12');
  await page.click('button:text-is("Save")');
  assert.strictEqual(await page.title(),
    'Error: Add a new supplier – Manage coffee suppliers');
  await shot(page, 'form-faults');
  await page.click('.summary >> text=The supplier city is required');
  assert.ok(page.url().endsWith('#city'));
  assert.strictEqual(await page.inputValue('#name'), NAME);
  await page.fill('#address', '1 Bean Street');
  await page.fill('#city', 'Łódź');
  await page.fill('#country', 'Polska');
  await page.fill('#phone', '+48 42 555 77 36');
  await page.fill('#notes', 'Ask for **María**');
  await page.click('button:text-is("Save")');
  assert.ok(/\/admin\/suppliers\?saved=\d+$/.test(page.url()));
  await shot(page, 'admin-list');
}

async function seen(page, text) {
  await page.goto(`${address}/suppliers`);
  return await page.locator(`tr:has-text("${text}")`).count() > 0;
}

async function edit(page) {
  await page.goto(`${address}/admin/suppliers`);
  await page.locator(`tr:has-text("${NAME}") >> text=edit`).click();
  await shot(page, 'form-update');
  await page.fill('#city', 'Warszawa');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/admin\/suppliers\?saved=\d+$/);
}

async function remove(page) {
  await page.locator(`tr:has-text("${NAME}") >> text=edit`).click();
  await page.click('text=Delete this supplier');
  await shot(page, 'delete');
  await page.click('button:has-text("Delete this supplier")');
  assert.ok(/\/admin\/suppliers\?saved=\d+$/.test(page.url()));
}

async function look(context) {
  const page = await context.newPage();
  for (const [name, path] of [['home', '/'], ['list', '/suppliers'],
    ['supplier', '/suppliers/1'], ['404', '/nothing']]) {
    for (const [size, width] of [['phone', 320], ['desktop', 1280]]) {
      await page.setViewportSize({ width, height: 800 });
      await page.goto(address + path);
      const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px too wide at ${width}`);
      await shot(page, `${name}-${size}`);
    }
  }
}

async function main() {
  const browser = await launch();
  const context = await browser.newContext({
    javaScriptEnabled: scripts === 'on',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('422')) {
      complaints.push(message.text());
    }
  });
  await add(page);
  assert.ok(await seen(page, NAME));
  assert.ok(await seen(page, 'Łódź'));
  await edit(page);
  assert.ok(await seen(page, 'Warszawa'));
  await page.goto(`${address}/admin/suppliers`);
  await remove(page);
  assert.ok(!await seen(page, NAME));
  assert.deepStrictEqual(complaints, []);
  if (scripts === 'on') {
    await look(context);
    const dark = await browser.newContext({ colorScheme: 'dark' });
    const other = await dark.newPage();
    await other.goto(`${address}/suppliers`);
    await shot(other, 'list-dark');
    await other.goto(`${address}/admin/supplier-add`);
    await shot(other, 'form-dark');
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
