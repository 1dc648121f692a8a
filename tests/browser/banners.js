// Photographs the lists of customers and employees, and prints the colours of
// their banners. Arguments: address, folder for screenshots, their name.
const { launch } = require('./launch');

const [address, folder, name] = process.argv.slice(2);
const PAGES = [['customer', '/suppliers'], ['employee', '/admin/suppliers']];

async function main() {
  const browser = await launch();
  const page = await browser.newPage({
    viewport: { width: 1280, height: 600 }, colorScheme: 'light',
  });
  for (const [service, path] of PAGES) {
    await page.goto(address + path);
    await page.screenshot({ path: `${folder}/${name}-${service}.png` });
    const colour = await page.locator('.banner').evaluate((banner) =>
      getComputedStyle(banner).backgroundColor);
    console.log(colour.replace(/ /g, ''));
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
