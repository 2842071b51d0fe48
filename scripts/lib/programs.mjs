// @ts-check
import { isExecutable, thisMachine, which } from './machine.mjs';
import { say, Stop, warn } from './output.mjs';
import { answers, runQuietly, spell } from './processes.mjs';
import { planInstall } from './system-packages.mjs';

/**
 * @typedef {object} Program
 * @property {string} title
 * @property {() => string | undefined} find the path of one that works
 * @property {import('./system-packages.mjs').PackageNames} packages
 */

/** The oldest servers with everything the library uses (sharded pub/sub, `PEXPIRE GT`, `SET NX GET`). */
const OLDEST = { redis: [7, 0], valkey: [7, 2] };

/**
 * True when `--version` of a server names a release the library supports.
 * @param {string} text such as `Redis server v=7.0.15 sha=…` or `Valkey server v=8.0.1 …`
 */
export function isSupportedServer(text) {
  const match = /^(redis|valkey) server v=(\d+)\.(\d+)/i.exec(text);
  if (!match) return false;
  const [major = 0, minor = 0] =
    OLDEST[/** @type {'redis' | 'valkey'} */ (/** @type {string} */ (match[1]).toLowerCase())];
  const found = [Number(match[2]), Number(match[3])];
  return found[0] === major ? Number(found[1]) >= minor : Number(found[0]) > major;
}

/** @type {Program} */
const REDIS = {
  title: 'a Redis or Valkey server',
  find: () =>
    [process.env['REDIS_KIT_SERVER_BINARY'], ...['redis-server', 'valkey-server'].map(which)].find(
      (path) => path && isSupportedServer(answers([path, '--version']) ?? ''),
    ),
  packages: {
    'apt-get': ['redis-server', 'valkey-server'],
    apk: ['redis', 'valkey'],
    dnf: ['redis', 'valkey'],
    brew: ['redis', 'valkey'],
  },
};

const MAC_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** @type {Program} */
const CHROMIUM = {
  title: 'Chromium',
  find: () =>
    [
      process.env['CHROMIUM_PATH'],
      ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(which),
      MAC_CHROME,
    ]
      // Ubuntu's chromium-browser is there and cannot start where there is no snap daemon.
      .find((path) => path && isExecutable(path) && answers([path, '--version']) !== undefined),
  packages: {
    'apt-get': ['chromium', 'chromium-browser'],
    apk: ['chromium'],
    dnf: ['chromium'],
    brew: ['google-chrome'],
  },
};

/**
 * Makes sure that a Redis server can be started here, installing one through the system when there is none.
 * @param {readonly string[]} [alternatives] what would do instead, for the message when that is impossible
 * @returns {Promise<string>} its path
 */
export async function ensureRedisServer(alternatives = []) {
  const { path, problem } = await ensure(REDIS);
  if (path) return path;
  const ways = [
    'install Redis 7 or newer, or Valkey 7.2 or newer, so that redis-server or valkey-server is on PATH',
    'set REDIS_KIT_SERVER_BINARY to the path of such a server program',
    ...alternatives,
  ];
  throw new Stop(
    `There is no Redis here and it could not be installed: ${problem}.\n` +
      `Any one of these helps:\n${ways.map((way) => `  - ${way}`).join('\n')}`,
  );
}

/**
 * Makes sure that the browser tests have a browser, installing one through the system when there is none.
 * Without one, a run in CI stops; elsewhere it goes on and says what it leaves out.
 * @returns {Promise<string | undefined>} its path
 */
export async function ensureChromium() {
  const { path, problem } = await ensure(CHROMIUM);
  if (path) return path;
  const message =
    `There is no Chromium here and it could not be installed: ${problem}.\n` +
    'Install chromium or google-chrome, or set CHROMIUM_PATH.';
  if (process.env['CI']) throw new Stop(message);
  warn(`${message}\nTHE BROWSER TESTS ARE LEFT OUT OF THIS RUN.`);
  return undefined;
}

/**
 * The environment in which a child process finds these programs, wherever they were found.
 * @param {NodeJS.ProcessEnv} env
 * @param {{ redisServer?: string | undefined, chromium?: string | undefined }} programs
 * @returns {NodeJS.ProcessEnv}
 */
export const withPrograms = (env, { redisServer, chromium }) => ({
  ...env,
  ...(redisServer && { REDIS_KIT_SERVER_BINARY: redisServer }),
  ...(chromium && { CHROMIUM_PATH: chromium }),
});

/** The path of a browser that is already here. */
export const findChromium = () => CHROMIUM.find();

/**
 * @param {Program} program
 * @returns {Promise<{ path?: string, problem?: string }>}
 */
async function ensure(program) {
  const present = program.find();
  if (present) return { path: present };

  const plan = planInstall(program.packages, thisMachine());
  if ('impossible' in plan) return { problem: plan.impossible };
  say(`There is no ${program.title.replace(/^a /, '')} here; installing it with ${plan.manager}.`);
  if (plan.refresh) {
    say(`Running: ${spell(plan.refresh)}`);
    const { code, output } = await runQuietly(plan.refresh, 'Refreshing the list of packages');
    if (code !== 0) warn(`It failed; going on with the list that is here.\n${lastLines(output)}`);
  }
  const problems = [];
  for (const { packageName, command } of plan.attempts) {
    say(`Running: ${spell(command)}`);
    const { code, output } = await runQuietly(command, `Installing ${packageName}`);
    const path = program.find();
    if (path) return { path };
    problems.push(
      code === 0
        ? `the package ${packageName} does not bring a version that works here`
        : `${plan.manager} could not install ${packageName} (${lastLines(output, 2)})`,
    );
  }
  return { problem: problems.join('; ') };
}

/** @param {string} output */
const lastLines = (output, count = 10) => output.trimEnd().split('\n').slice(-count).join('\n');
