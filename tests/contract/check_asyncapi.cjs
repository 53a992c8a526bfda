// node check_asyncapi.cjs TOOL FILE...: what AsyncAPI's own parser has to say, as JSON.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const [tool, ...files] = process.argv.slice(2);
const { Parser } = createRequire(`${tool}/`)("@asyncapi/parser");

async function main() {
  const found = {};
  for (const file of files) {
    const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
    found[file] = {
      parsed: document !== undefined,
      messages: document ? document.allMessages().all().map((message) => message.title()) : [],
      operations: document ? document.allOperations().all().map((one) => one.id()) : [],
      diagnostics: diagnostics.map(({ severity, code, message }) => ({ severity, code, message })),
    };
  }
  process.stdout.write(JSON.stringify(found));
}

main();
