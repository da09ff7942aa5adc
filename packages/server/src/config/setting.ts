/** What a setting is made of, and the shapes that several of them share. */
import { type TString, Type } from 'typebox';

/** What a setting tells a person besides its type. All of it lands in the reference page. */
export interface SettingNotes {
  /** What it is, one sentence. */
  readonly description: string;
  /** What the text means: `URL`, `duration`, `list` … */
  readonly unit: string;
  /** The value when it is not set, or a sentence where that depends. */
  readonly default: string;
  /** When to change it, and what goes wrong otherwise. */
  readonly advice: string;
  /** What to write instead, when the value does not fit the pattern. */
  readonly fix: string;
  /** True where the value must never be printed. */
  readonly secret?: boolean;
}

/** A setting is a text with notes. The pattern rejects what cannot be meant; meaning is checked in `resolve-config.ts`. */
export type Setting = TString & SettingNotes;

/** Makes a setting; without a pattern any text will do at first. */
export function setting(notes: SettingNotes, pattern?: string): Setting {
  return { ...Type.String(pattern === undefined ? {} : { pattern }), ...notes };
}

export const DURATION = '^[1-9][0-9]{0,9}(s|m|h|d)?$';
export const DURATION_OR_NONE = '^(0|[1-9][0-9]{0,9}(s|m|h|d)?)$';
export const BOOLEAN = '^(true|false|1|0|yes|no)$';
export const HOST_NAME = '^[^\\s/?#@\\\\]+$';
export const PORT_NUMBER = '^[0-9]{1,5}$';
