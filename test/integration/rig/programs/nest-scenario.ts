import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { FAREWELL } from './farewell.js';

@Injectable()
class Names {
  readonly default = 'nobody';
}

@Injectable()
class Greeter {
  constructor(private readonly names: Names) {}

  greet(): string {
    return `hello ${this.names.default}, ${FAREWELL}`;
  }
}

const application = await NestFactory.createApplicationContext(
  { module: class {}, providers: [Names, Greeter] },
  { logger: false },
);
const methods = { greet: () => application.get(Greeter).greet() };

export type Methods = typeof methods;

serveScenario(methods);
