// @ts-check

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./processes.mjs').Command} Command
 *
 * @typedef {'apt-get' | 'apk' | 'dnf' | 'brew'} Manager
 *
 * A program's packages by manager, the preferred one first.
 * @typedef {Record<Manager, readonly string[]>} PackageNames
 *
 * @typedef {object} InstallPlan
 * @property {Manager} manager
 * @property {Command | undefined} refresh brings the list of packages up to date; its failure is no reason to stop
 * @property {readonly { packageName: string, command: Command }[]} attempts in the order to try
 */

/**
 * RUNLEVEL=1 keeps Debian from starting a package's service where it asks for the run level: a server is
 * started by whoever needs one, on a free port.
 */
const APT = [
  'env',
  'DEBIAN_FRONTEND=noninteractive',
  'RUNLEVEL=1',
  'apt-get',
  '-o',
  'DPkg::Lock::Timeout=120',
];

/**
 * @type {Record<Manager, { refresh?: readonly string[], install: (name: string) => readonly string[], asRoot: boolean }>}
 */
const MANAGERS = {
  'apt-get': {
    refresh: [...APT, 'update'],
    install: (name) => [...APT, 'install', '--yes', '--no-install-recommends', name],
    asRoot: true,
  },
  apk: { install: (name) => ['apk', 'add', '--no-cache', name], asRoot: true },
  dnf: { install: (name) => ['dnf', 'install', '--assumeyes', name], asRoot: true },
  brew: { install: (name) => ['brew', 'install', name], asRoot: false },
};

/**
 * How a program would be installed on this machine, or why it cannot be.
 * @param {PackageNames} packages
 * @param {Machine} machine
 * @returns {InstallPlan | { impossible: string }}
 */
export function planInstall(packages, machine) {
  const managers = /** @type {Manager[]} */ (Object.keys(MANAGERS));
  const manager = managers.find((name) => machine.which(name));
  if (!manager) return { impossible: `none of ${managers.join(', ')} is installed here` };

  const { refresh, install, asRoot } = MANAGERS[manager];
  const prefix = asRoot ? rootPrefix(machine) : machine.isRoot ? undefined : [];
  if (!prefix) {
    return {
      impossible: asRoot
        ? `${manager} needs root, and sudo is not installed`
        : `${manager} refuses to run as root`,
    };
  }
  /** @param {readonly string[]} words */
  const command = (words) =>
    /** @type {Command} */ (/** @type {unknown} */ ([...prefix, ...words]));
  return {
    manager,
    refresh: refresh && command(refresh),
    attempts: packages[manager].map((packageName) => ({
      packageName,
      command: command([...install(packageName)]),
    })),
  };
}

/**
 * What to put before a command that must run as root; without anybody to type a password, sudo must not ask.
 * @param {Machine} machine
 * @returns {readonly string[] | undefined}
 */
function rootPrefix(machine) {
  if (machine.isRoot) return [];
  if (!machine.which('sudo')) return undefined;
  return machine.isInteractive ? ['sudo'] : ['sudo', '-n'];
}
