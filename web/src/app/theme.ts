/** Light, dark, or as the system is; the choice is this browser's. */
import { useSyncExternalStore } from 'react';
import { Store } from '../store';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const KEY = 'dialplane.theme';
const DARK_CLASS = 'pf-v6-theme-dark';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

const saved = localStorage.getItem(KEY);
const theme = new Store<Theme>(THEMES.find((known) => known === saved) ?? 'system');

export function applyTheme(): void {
  const dark = theme.get() === 'dark' || (theme.get() === 'system' && systemIsDark.matches);
  document.documentElement.classList.toggle(DARK_CLASS, dark);
}

export function setTheme(next: Theme): void {
  localStorage.setItem(KEY, next);
  theme.set(next);
  applyTheme();
}

systemIsDark.addEventListener('change', applyTheme);

export const useTheme = (): Theme => useSyncExternalStore(theme.subscribe, theme.get);
