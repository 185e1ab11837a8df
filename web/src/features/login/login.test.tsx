import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import '../../i18n';
import { ApiError } from '../../api/client';
import { session } from '../../api/session';
import { LoginForm, loginErrorOf } from './login';

const fetched = vi.fn();

beforeEach(() => {
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  fetched.mockReset();
});

// The event goes to the form: a click on the text inside a submit button does not submit in this environment.
function submit(user: string, password: string): void {
  const { container } = render(<LoginForm />);
  fireEvent.change(screen.getByLabelText('User'), { target: { value: user } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: password } });
  const form = container.querySelector('form');
  if (form) fireEvent.submit(form);
}

it('asks for both fields before it asks the server', () => {
  submit('admin', '');
  expect(screen.getByRole('alert').textContent).toBe('Enter your user name and password.');
  expect(fetched).not.toHaveBeenCalled();
});

it('keeps what was typed when the password is wrong', async () => {
  fetched.mockResolvedValue(new Response('{"code":"bad.credentials"}', { status: 401 }));
  submit('admin', 'nope');
  await waitFor(() => expect(screen.getByRole('alert').textContent).toBe('User name or password is wrong.'));
  expect(screen.getByLabelText<HTMLInputElement>('User').value).toBe('admin');
  expect(screen.getByLabelText('Password').getAttribute('aria-invalid')).toBe('true');
  expect(session.get()).toBe('out');
});

it('logs in', async () => {
  fetched.mockResolvedValue(new Response('{}'));
  submit('admin', 'right');
  await waitFor(() => expect(session.get()).toBe('in'));
  expect(fetched.mock.calls[0]?.[0]).toBe('/login');
  expect(session.lastUser()).toBe('admin');
});

it('tells apart why it did not work', () => {
  const error = (status: number) => loginErrorOf(new ApiError(status, '', '', ''));
  expect([error(401), error(403), error(429), error(500)]).toEqual([
    'refused',
    'refused',
    'slow',
    'unreachable',
  ]);
  expect(loginErrorOf(new TypeError('Failed to fetch'))).toBe('unreachable');
});
