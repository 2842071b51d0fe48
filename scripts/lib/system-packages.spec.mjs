// @ts-check
import { describe, expect, it } from '@jest/globals';
import { planInstall } from './system-packages.mjs';

const packages = {
  'apt-get': ['redis-server', 'valkey-server'],
  apk: ['redis'],
  dnf: ['redis', 'valkey'],
  brew: ['redis'],
};

/**
 * @param {readonly string[]} programs what is installed
 * @param {Partial<import('./machine.mjs').Machine>} [rest]
 * @returns {import('./machine.mjs').Machine}
 */
const machine = (programs, rest) => ({
  isRoot: true,
  isInteractive: false,
  which: (program) => (programs.includes(program) ? `/usr/bin/${program}` : undefined),
  ...rest,
});

/** @param {ReturnType<typeof planInstall>} plan */
const commands = (plan) =>
  'impossible' in plan
    ? plan.impossible
    : [plan.refresh, ...plan.attempts.map(({ command }) => command)].map((words) =>
        words?.join(' '),
      );

const APT = 'env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=120';

describe('installing a system package', () => {
  it('refreshes the list before it installs with apt-get, without asking and without a service', () => {
    expect(commands(planInstall(packages, machine(['apt-get'])))).toEqual([
      `${APT} update`,
      `${APT} install --yes --no-install-recommends redis-server`,
      `${APT} install --yes --no-install-recommends valkey-server`,
    ]);
  });

  it.each([
    ['apk', ['apk add --no-cache redis']],
    ['dnf', ['dnf install --assumeyes redis', 'dnf install --assumeyes valkey']],
  ])('needs no refresh with %s', (manager, expected) => {
    expect(commands(planInstall(packages, machine([manager])))).toEqual([undefined, ...expected]);
  });

  it('goes through sudo when it is not root', () => {
    const plan = planInstall(
      packages,
      machine(['apk', 'sudo'], { isRoot: false, isInteractive: true }),
    );
    expect(commands(plan)).toEqual([undefined, 'sudo apk add --no-cache redis']);
  });

  it('does not let sudo ask for a password when nobody could type it', () => {
    const plan = planInstall(packages, machine(['apk', 'sudo'], { isRoot: false }));
    expect(commands(plan)).toEqual([undefined, 'sudo -n apk add --no-cache redis']);
  });

  it('says why it cannot install without root and sudo', () => {
    const plan = planInstall(packages, machine(['apt-get'], { isRoot: false }));
    expect(commands(plan)).toBe('apt-get needs root, and sudo is not installed');
  });

  it('uses brew as the user, never as root', () => {
    expect(commands(planInstall(packages, machine(['brew'], { isRoot: false })))).toEqual([
      undefined,
      'brew install redis',
    ]);
    expect(commands(planInstall(packages, machine(['brew'])))).toBe('brew refuses to run as root');
  });

  it('says which managers it looked for when there is none', () => {
    expect(commands(planInstall(packages, machine([])))).toBe(
      'none of apt-get, apk, dnf, brew is installed here',
    );
  });
});
