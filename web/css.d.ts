/** Stylesheets are imported for their effect; vite carries them. */
declare module '*.css';
