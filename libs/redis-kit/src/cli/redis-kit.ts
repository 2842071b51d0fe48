#!/usr/bin/env node
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { runProgram } from './program.js';
import { endQuietlyOnClosedPipe, Terminal } from './terminal.js';

// What the suite logs for an application would end up among the output of the command.
Logger.overrideLogger(false);
endQuietlyOnClosedPipe(process.stdout);
process.exitCode = await runProgram(process.argv, new Terminal(process.stdout, process.stderr));
