import { execFile } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end and returns what it printed on stdout; its failure carries both of its streams. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env }: RunOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd, env: env ?? process.env, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (!error) resolve(stdout);
        else
          reject(
            new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error }),
          );
      },
    );
  });
}
