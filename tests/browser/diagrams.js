// Mermaid's own parser, which needs a browser. Standard input is a JSON array of
// diagrams; standard output is an array of what is wrong with each, or null.
const fs = require('fs');
const { launch } = require('./launch');

async function main() {
  const diagrams = JSON.parse(fs.readFileSync(0, 'utf8'));
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.addScriptTag({ path: require.resolve('@mermaid-js/tiny') });
    const faults = await page.evaluate(async (texts) => {
      const found = [];
      for (const [at, text] of texts.entries()) {
        try {
          await window.mermaid.parse(text);
          await window.mermaid.render(`diagram-${at}`, text);
          found.push(null);
        } catch (error) {
          found.push(String(error.message));
        }
      }
      return found;
    }, diagrams);
    console.log(JSON.stringify(faults));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
