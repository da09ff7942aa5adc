/** Tells TypeScript what a .vue file is; `vue-tsc` of a project of your own knows by itself. */
declare module '*.vue' {
  import type { Component } from 'vue';

  const component: Component;
  export default component;
}
