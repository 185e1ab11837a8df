import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import '../../i18n';
import { DialForm, dialErrorOf } from './dial-form';
import { Keypad } from './keypad';
import { reasonText } from './reason-text';
import { filterNumbers } from './sandbox-numbers';
import { phone } from './use-phone';

afterEach(() => {
  cleanup();
  phone.state.patch({ stage: 'starting', registration: 'off', placing: false });
});

function dial(number: string): { calls: string[] } {
  const calls: string[] = [];
  const { container } = render(
    <DialForm
      number={number}
      onNumber={() => {}}
      callerId={undefined}
      onCallerId={() => {}}
      onCall={(n) => calls.push(n)}
    />,
  );
  const form = container.querySelector('form');
  if (form) fireEvent.submit(form);
  return { calls };
}

it('a number that is none is refused in place', () => {
  expect(dialErrorOf('')).toBe('empty');
  expect(dialErrorOf('call bob')).toBe('invalid');
  dial('');
  expect(screen.getByRole('alert').textContent).toBe('Enter a number.');
});

it('calls with the separators taken out, once the phone is registered', () => {
  expect(dial('+1 555 987-6543').calls).toEqual([]);
  cleanup();
  phone.state.patch({ stage: 'on', registration: 'registered' });
  expect(dial('+1 555 987-6543').calls).toEqual(['+15559876543']);
});

it('does not place a second call while one is being placed', () => {
  phone.state.patch({ stage: 'on', registration: 'registered', placing: true });
  expect(dial('+15559876543').calls).toEqual([]);
});

it('the keypad sends by button and by key, and shows only what went out', () => {
  const sent: string[] = [];
  const onDigit = vi.fn((digit: string) => {
    sent.push(digit);
    return digit !== '9';
  });
  render(<Keypad onDigit={onDigit} />);
  fireEvent.click(screen.getByRole('button', { name: 'Digit 5' }));
  fireEvent.keyDown(screen.getByRole('button', { name: 'Digit 5' }), { key: '#' });
  fireEvent.keyDown(screen.getByRole('button', { name: 'Digit 5' }), { key: 'a' });
  fireEvent.click(screen.getByRole('button', { name: 'Digit 9' }));
  expect(sent).toEqual(['5', '#', '9']);
  expect(screen.getByLabelText('Sent digits').textContent).toBe('5#');
});

it('reasons: the server, this tab, and what nobody knows', () => {
  const t = ((key: string) => key) as never;
  expect(reasonText(t, 'no_trunk_available')).toBe('reasons.no_trunk_available');
  expect(reasonText(t, 'SIP 486')).toBe('errors.busy');
  expect(reasonText(t, 'toString')).toBe('toString');
});

it('sandbox numbers are found by number or by any words of what they do', () => {
  const rows = [
    { number: '+14155550111', name: 'Answers at once and echoes', description: '' },
    { number: '+14155550130', name: '486 Busy Here', description: '' },
  ];
  expect(filterNumbers(rows, 'echo once').map((row) => row.number)).toEqual(['+14155550111']);
  expect(filterNumbers(rows, '555 0130').map((row) => row.number)).toEqual(['+14155550130']);
  expect(filterNumbers(rows, ' ')).toEqual(rows);
  expect(filterNumbers(rows, 'nothing')).toEqual([]);
});
