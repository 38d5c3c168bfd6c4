import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// A machine that does other things as well takes its time; what never comes fails all the same.
configure({ asyncUtilTimeout: 10_000 });

// jsdom has no modal dialogs.
HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
  this.open = false;
};

// Nor sizes, so that none ever changes.
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

// Nor does it scroll.
Element.prototype.scrollIntoView ??= () => {};

afterEach(cleanup);
