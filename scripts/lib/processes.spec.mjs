// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { answers, runQuietly, spell } from './processes.mjs';

describe('running a command', () => {
  it('keeps the output of both streams and the exit code', async () => {
    const script = "console.log('out'); console.error('err'); process.exit(3)";
    const { code, output } = await runQuietly([process.execPath, '-e', script], 'Trying');
    expect(code).toBe(3);
    expect(output.split('\n').filter(Boolean).sort()).toEqual(['err', 'out']);
  });

  it('reports a program that does not exist as a shell would', async () => {
    expect((await runQuietly(['there-is-no-such-program'], 'Trying')).code).toBe(127);
  });

  it('reports a signal as a shell would', async () => {
    const script = "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)";
    expect((await runQuietly([process.execPath, '-e', script], 'Trying')).code).toBe(143);
  });

  it('tells a program that works from one that does not', () => {
    expect(answers([process.execPath, '--version'])?.trim()).toBe(process.version);
    expect(answers([process.execPath, '-e', 'process.exit(1)'])).toBeUndefined();
    expect(answers(['there-is-no-such-program'])).toBeUndefined();
  });

  it('spells a command so that it can be pasted', () => {
    expect(spell(['npm', 'ci', '--no-audit'])).toBe('npm ci --no-audit');
    expect(spell(['/Applications/Google Chrome', '--version'])).toBe(
      '"/Applications/Google Chrome" --version',
    );
  });
});

describe('running in the foreground', () => {
  const child = `
    let received = 0;
    process.on('SIGTERM', () => {
      received += 1;
      setTimeout(() => { console.log('received', received); process.exit(7); }, 200);
    });
    setInterval(() => {}, 1000);
    console.log('ready');`;

  const module = JSON.stringify(new URL('./processes.mjs', import.meta.url).href);
  const runner = `import { runInForeground } from ${module};
    process.exitCode = await runInForeground([process.execPath, '-e', ${JSON.stringify(child)}]);`;

  /**
   * @param {import('node:child_process').ChildProcess} process
   * @param {() => void} whenReady
   */
  const outcome = async ({ stdout }, whenReady) => {
    let output = '';
    stdout?.on('data', (chunk) => {
      output += chunk;
      if (String(chunk).includes('ready')) whenReady();
    });
    // The end of the output, not of the process: it may have passed its stdout on and be gone.
    if (stdout) await once(stdout, 'end');
    return output;
  };

  it('forwards a signal once, however often it comes, and returns the exit code of the child', async () => {
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', runner]);
    const closed = once(parent, 'close');
    const output = await outcome(parent, () => {
      for (let i = 0; i < 3; i += 1) parent.kill('SIGTERM');
    });
    expect({ output, code: (await closed)[0] }).toEqual({ output: 'ready\nreceived 1\n', code: 7 });
  });

  it('ends the child when the shell npm ran the script in was killed', async () => {
    const env = { ...process.env, npm_lifecycle_event: 'start', RUNNER: runner };
    const command = `"${process.execPath}" --input-type=module --eval "$RUNNER"; true`;
    const shell = spawn('sh', ['-c', command], { env });
    expect(await outcome(shell, () => shell.kill('SIGKILL'))).toBe('ready\nreceived 1\n');
  });
});
