// A long-lived SVGO process. One JSON line in holds many texts; one JSON line out answers each, in order, so that the
// parent always knows which text was being worked on when it gives up on this process.
//
//   argv:  <folder with node_modules/svgo> <svgo.config.mjs>
//   out:   {"ready": "<svgo version>", "variants": [...]}, or {"config": "why it cannot be loaded"}
//   in:    {"variant": "default", "texts": ["<svg…", …]}
//   out:   {"text": "<svg…"} or {"error": "message"}
//   in:    {"cpu": true}
//   out:   {"cpu": seconds this process has computed}
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, configPath] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(resolve(path)).href);

// Plugins and configs may print; only answers belong on standard output.
const say = process.stdout.write.bind(process.stdout);
console.log = console.info = console.debug = console.warn = console.error;
const answer = (value) => new Promise((done) => say(`${JSON.stringify(value)}\n`, done));

const { optimize, VERSION } = await load(join(folder, 'node_modules', 'svgo', 'lib', 'svgo.js'));
let configs;
try {
  configs = await load(configPath);
} catch (error) {
  await answer({ config: String(error).slice(0, 300) });
  process.exit(1);
}
await answer({ ready: VERSION, variants: Object.keys(configs) });

const one = (text, config) => {
  try {
    return { text: optimize(text, config).data };
  } catch (error) {
    return { error: String(error?.reason ?? error?.message ?? error).slice(0, 300) };
  }
};

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { variant, texts, cpu } = JSON.parse(line);
  if (cpu) {
    const { user, system } = process.cpuUsage();
    await answer({ cpu: (user + system) / 1e6 });
    continue;
  }
  const config = configs[variant] ?? configs.default;
  for (const text of texts) await answer(one(text, config));
}
