import { render } from 'preact';
import { Page } from './page.tsx';
import './tokens.css';
import './styles.css';
import './panels.css';

const root = document.getElementById('page');
if (root) render(<Page />, root);
