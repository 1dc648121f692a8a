// A person whose name is markup, and what the address of a page says: text on
// each page. Arguments: address of an employee daemon, the name, paths.
const assert = require('assert');
const { Walk } = require('./walk');

const [address, name, ...paths] = process.argv.slice(2);
const walk = new Walk({ address, scripts: true, looks: false });

(async () => {
  await walk.open();
  const page = await walk.person();
  await page.setExtraHTTPHeaders({ 'Remote-User': name });
  for (const path of paths) {
    await page.goto(address + path);
    const text = await page.innerText('body');
    assert.ok(text.includes(name), `${path}: ${text}`);
    assert.strictEqual(await page.locator('[onerror], [src*=evil]').count(), 0);
  }
  await walk.close();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
