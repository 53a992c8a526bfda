// Say, as JSON, what AppSync's own ESLint plugin finds in the modules of a folder: its rules are what
// APPSYNC_JS takes. Arguments: where the plugin is installed, and the folder.
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [tools, folder] = process.argv.slice(2);
const installed = createRequire(join(tools, "package.json"));
const { ESLint } = installed("eslint");
const plugin = installed("@aws-appsync/eslint-plugin");

const found = new ESLint({
  cwd: folder,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ["*.js"],
      languageOptions: {
        parser: installed("@typescript-eslint/parser"),
        parserOptions: { project: "./tsconfig.json", tsconfigRootDir: folder },
      },
      linterOptions: { noInlineConfig: true },
      plugins: { appsync: plugin },
      rules: Object.fromEntries(Object.keys(plugin.rules).map((rule) => [`appsync/${rule}`, "error"])),
    },
  ],
});

found.lintFiles(["*.js"]).then((files) => {
  const said = files.map((file) => [
    file.filePath.slice(folder.length + 1),
    file.messages.map((one) => [one.ruleId, one.message, one.line]),
  ]);
  console.log(JSON.stringify(Object.fromEntries(said)));
});
