/** The operator's console, in the browser. */
import { MantineProvider } from "@mantine/core";
import { notifyManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refused } from "./ask.ts";
import { router } from "./router.tsx";
import { cssVariablesResolver, schemeChoice, theme } from "./theme.ts";

// A button is off before the second click of a double click: by itself the library tells the page in a later turn.
notifyManager.setScheduler(queueMicrotask);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Without a connection a question fails and says so. By itself the library would wait, and the page show old data.
      networkMode: "always",
      refetchOnReconnect: true,
      // A refusal is shown at once, with its "again"; only what never arrived is asked once more by itself.
      retry: (failures, error) => error instanceof Refused && error.status === 0 && failures < 1,
      refetchOnWindowFocus: true,
    },
    // By itself the library would keep an act until the connection is back, and do it then: also after it was left.
    mutations: { networkMode: "always" },
  },
});

/** The policy of the page allows styles that carry the nonce of its answer. */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
// The package that keeps the page still behind a dialog asks for the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const place = document.getElementById("console");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        colorSchemeManager={schemeChoice}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
