/** Which page an address shows. Each page is a file of its own, fetched when it is first opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { searchOf } from "./order-search.ts";
import { BrokenPage, NoSuchPage, Shell } from "./shell.tsx";

const root = createRootRoute({ component: Shell, notFoundComponent: NoSuchPage });

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: "/",
    beforeLoad: () => {
      throw redirect({ to: "/board" });
    },
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/board",
    component: lazyRouteComponent(() => import("./pages/board.tsx"), "BoardPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/products",
    component: lazyRouteComponent(() => import("./pages/products.tsx"), "Products"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/products/new",
    component: lazyRouteComponent(() => import("./pages/new-product.tsx"), "NewProduct"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/products/$productId",
    component: lazyRouteComponent(() => import("./pages/product.tsx"), "ProductPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/drops",
    component: lazyRouteComponent(() => import("./pages/drops.tsx"), "Drops"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/drops/new",
    component: lazyRouteComponent(() => import("./pages/new-drop.tsx"), "NewDrop"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/drops/$dropId",
    component: lazyRouteComponent(() => import("./pages/drop.tsx"), "DropPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/orders",
    validateSearch: searchOf,
    component: lazyRouteComponent(() => import("./pages/orders.tsx"), "Orders"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/pick",
    component: lazyRouteComponent(() => import("./pages/pick.tsx"), "Pick"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/pick/$orderId",
    component: lazyRouteComponent(() => import("./pages/parcel.tsx"), "ParcelPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/restock",
    component: lazyRouteComponent(() => import("./pages/restock.tsx"), "Restock"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/reconcile",
    component: lazyRouteComponent(() => import("./pages/reconcile.tsx"), "Reconcile"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/switch",
    component: lazyRouteComponent(() => import("./pages/switch.tsx"), "SwitchPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/health",
    component: lazyRouteComponent(() => import("./pages/health.tsx"), "HealthPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/trouble",
    component: lazyRouteComponent(() => import("./pages/trouble.tsx"), "Trouble"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/webhooks",
    component: lazyRouteComponent(() => import("./pages/webhooks.tsx"), "Webhooks"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/mail",
    component: lazyRouteComponent(() => import("./pages/mail.tsx"), "MailPage"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/people",
    component: lazyRouteComponent(() => import("./pages/people.tsx"), "People"),
  }),
  createRoute({
    getParentRoute: () => root,
    path: "/audit",
    component: lazyRouteComponent(() => import("./pages/audit.tsx"), "AuditPage"),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: "/console",
  defaultErrorComponent: BrokenPage,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  // biome-ignore lint/style/useConsistentTypeDefinitions: the router is told of its routes by its own interface.
  interface Register {
    router: typeof router;
  }
}
