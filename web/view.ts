/** The address, the language and the reader's steps between views. */
import { computed, signal } from '@preact/signals';
import type { Title } from '../api/contract/place.ts';
import { type Language, readView, type View, writeView } from './address.ts';
import { WORDS, type Word } from './words.ts';

const MEMORY = 'tongda.language';

export const view = signal<View>(readView(location.search));

/** Changes the view and the address; `step` makes a place the Back button returns to. */
export function go(change: Partial<View>, step = false): void {
  view.value = { ...view.peek(), ...change };
  const address = location.pathname + writeView(view.peek());
  if (step) history.pushState(null, '', address);
  else history.replaceState(null, '', address);
}

addEventListener('popstate', () => {
  view.value = readView(location.search);
});

export const language = computed<Language>(() => view.value.language ?? remembered());

function remembered(): Language {
  try {
    return localStorage.getItem(MEMORY) === 'en' ? 'en' : 'zh';
  } catch {
    return 'zh'; // Storage may be forbidden; the address still carries the language.
  }
}

export function switchLanguage(): void {
  const next = language.peek() === 'zh' ? 'en' : 'zh';
  try {
    localStorage.setItem(MEMORY, next);
  } catch {
    // As above.
  }
  go({ language: next });
}

/** A two-language text in the reader's language. */
export function say(title: Title): string {
  return title[language.value];
}

export function word(key: Word): string {
  return WORDS[key][language.value];
}
