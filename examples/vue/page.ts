/** Puts the application into the page. */
import { createApp } from 'vue';
import App from './app.vue';

createApp(App).mount('#root');
