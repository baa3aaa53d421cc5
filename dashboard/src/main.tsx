import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from './api/hooks';
import { Frame } from './frame/Frame';
import { connection } from './live/hooks';
import { renewWhenOutdated } from './renew';
import { show } from './text/settings';
import './styles/tokens.css';
import './styles/base.css';

renewWhenOutdated();
show();
connection.start();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Frame />
      </QueryClientProvider>
    </StrictMode>,
  );
}
