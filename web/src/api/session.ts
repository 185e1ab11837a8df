/**
 * Who is logged in. The session itself is an HttpOnly cookie that this code never sees; the marker in localStorage only says
 * that asking the server is worth while, so that a first visit shows the login without a request that fails.
 */
import { ApiError, api, setUnauthorizedListener } from './client';

/** `expired`: was in, the server says no; the login stands over the page and what was typed stays. */
export type SessionState = 'in' | 'out' | 'expired';

const MARKER = 'dialplane.session';

let state: SessionState = localStorage.getItem(MARKER) ? 'in' : 'out';
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

/** Called on a 401 and when a WebSocket closes with 4401. */
export function sessionEnded(): void {
  if (state === 'in') become('expired');
}
setUnauthorizedListener(sessionEnded);

export const session = {
  get: () => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  lastUser: () => localStorage.getItem(MARKER) ?? '',
};

export async function login(user: string, password: string): Promise<void> {
  await api<unknown>('/login', { method: 'POST', body: { user, password } });
  localStorage.setItem(MARKER, user);
  become('in');
}

export async function logout(): Promise<void> {
  try {
    await api<unknown>('/logout', { method: 'POST' });
  } catch (error) {
    // Already out is what was wanted.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  localStorage.removeItem(MARKER);
  become('out');
}
