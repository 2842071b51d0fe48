import { describe, expect, it } from '@jest/globals';
import { SoloGate } from './solo-gate.js';

describe('the gate', () => {
  it('lets a suspect in when nobody is, and nobody else meanwhile', () => {
    const gate = new SoloGate();
    const calls: string[] = [];
    const call = (name: string) => () => void calls.push(name);
    expect(gate.mayEnter(call('first'))).toBe(true);
    gate.enter();
    expect(gate.enterSolo(call('solo'))).toBe(false);
    // Whoever waits to be alone is not kept waiting by those who come.
    expect(gate.mayEnter(call('second'))).toBe(false);
    gate.leave();
    expect(calls).toEqual(['solo', 'second']);
    expect(gate.enterSolo(call('solo'))).toBe(true);
    expect(gate.mayEnter(call('third'))).toBe(false);
    expect(gate.enterSolo(call('other'))).toBe(false);
    gate.leave();
    expect(calls).toEqual(['solo', 'second', 'other', 'third']);
    expect(gate.mayEnter(call('fourth'))).toBe(true);
  });

  it('does not wait for a suspect that is no longer there', () => {
    const gate = new SoloGate();
    const calls: string[] = [];
    const solo = () => void calls.push('solo');
    gate.enter();
    gate.enterSolo(solo);
    expect(gate.mayEnter(() => calls.push('other'))).toBe(false);
    gate.withdraw(solo);
    expect(calls).toEqual(['other']);
    expect(gate.mayEnter(() => undefined)).toBe(true);
  });
});
