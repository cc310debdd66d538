// `npm run pack:probe`: one tarball that installs the probe and nothing of the station.
//
// Its manifest is made from what the built files import, with the versions of ours: a module that is
// no longer needed is no longer installed. Prints the tarball's path and size; `--install` installs it
// into an empty directory with npm, prints what it takes there, and measures with it once.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../', import.meta.url).pathname;
const built = join(root, '.build/probes');
const ours = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const files = readdirSync(built, { recursive: true }).filter((file) => file.endsWith('.js'));
const imported = new Set(
  files.flatMap((file) => modulesOf(readFileSync(join(built, file), 'utf8'))),
);

const stage = mkdtempSync(join(tmpdir(), 'tongda-pack-'));
let tarball;
try {
  for (const file of files) cpSync(join(built, file), join(stage, file));
  for (const path of ['LICENSE', 'probes/README.md', 'probes/packaging'])
    cpSync(join(root, path), join(stage, path.replace(/^probes\//, '')), { recursive: true });
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  const args = ['pack', stage, '--json', '--pack-destination', join(root, '.build')];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' }));
  tarball = join(root, '.build', filename);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
console.log(`${tarball}  ${kibibytes(statSync(tarball).size)} KiB`);
if (process.argv.includes('--install')) await install();

/** Modules that are not Node's and not ours. */
function modulesOf(source) {
  const specifiers = source.matchAll(/\b(?:from|import)\s*\(?\s*['"]([@a-z][\w./@-]*)['"]/g);
  return [...specifiers]
    .map(([, name]) => name)
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

function manifest() {
  const { version, license, engines, dependencies, optionalDependencies, devDependencies } = ours;
  const needed = { dependencies: {}, optionalDependencies: {} };
  for (const name of [...imported].sort()) {
    if (dependencies[name]) needed.dependencies[name] = dependencies[name];
    else {
      // Native modules: without them the probe measures what it can, and says what it cannot.
      const optional = optionalDependencies[name] ?? devDependencies[name];
      if (!optional) throw new Error(`probes/ imports ${name}, which package.json does not list`);
      needed.optionalDependencies[name] = optional;
    }
  }
  return {
    name: 'tongda-probe',
    version,
    description:
      '通达探针:测量本机线路并上报 · tongda probe: measures the line it stands on and reports',
    license,
    type: 'module',
    engines,
    bin: { 'tongda-probe': 'main.js' },
    ...needed,
    allowScripts: ours.allowScripts,
  };
}

/** Proves that it is whole: in a directory that has nothing else. */
async function install() {
  const home = mkdtempSync(join(tmpdir(), 'tongda-installed-'));
  try {
    writeFileSync(join(home, 'package.json'), JSON.stringify({ allowScripts: ours.allowScripts }));
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...quiet, tarball], { cwd: home, stdio: 'inherit' });
    const modules = join(home, 'node_modules');
    console.log(`installed  ${kibibytes(sizeOf(modules))} KiB`);
    for (const name of readdirSync(modules)
      .filter((name) => !name.startsWith('.'))
      .sort())
      console.log(`  ${String(kibibytes(sizeOf(join(modules, name)))).padStart(6)} KiB  ${name}`);
    const run = (...args) =>
      spawnSync(join(modules, '.bin/tongda-probe'), args, { encoding: 'utf8' });
    console.log(`version  ${run('--version').stdout.trim()}`);
    const listener = createServer((socket) => socket.on('error', () => {}).end());
    await new Promise((done) => listener.listen(0, '127.0.0.1', done));
    const { port } = listener.address();
    // The kernel shakes hands for us while the child is waited for.
    const { stdout, status } = run('once', 'tcp-connect', `127.0.0.1:${port}`);
    console.log(stdout.trim());
    listener.close();
    if (status !== 0) process.exitCode = 1;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function sizeOf(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function kibibytes(bytes) {
  return Math.round(bytes / 1024);
}
