// The colours of terminals, one set for each look of the page. What programs mean as white or black is readable on both.
import type { Colours } from './screen';

export const LIGHT: Colours = {
  foreground: '#1c2128',
  background: '#f5f7f9',
  palette: [
    '#24292f', '#b3201f', '#116b2d', '#7a5200', '#1f5fbf', '#7a3aa8', '#0f6674', '#545d68',
    '#57606a', '#c6302b', '#1a7f37', '#8a5d00', '#2f6fd0', '#8a49b8', '#187886', '#3b434d',
  ],
};

export const DARK: Colours = {
  foreground: '#d9dee5',
  background: '#0f1216',
  palette: [
    '#545d68', '#ff8078', '#6bc46d', '#d9a842', '#6cb0ff', '#d69be8', '#56c8d8', '#c3cad3',
    '#818b98', '#ff9f98', '#85d987', '#eac15f', '#8fc4ff', '#e3b6f2', '#7bd9e6', '#f2f5f8',
  ],
};
