import Hls, { type HlsConfig } from "hls.js";

import type { Preload, Preloads } from "./preloads.ts";

type FragmentLoaderClass = NonNullable<HlsConfig["fLoader"]>;
type FragmentLoader = InstanceType<FragmentLoaderClass>;

/** An hls.js fragment loader that takes from `preloads` what is there, and else does what hls.js does. */
export function partLoader(preloads: Preloads): FragmentLoaderClass {
  const Plain = Hls.DefaultConfig.loader as unknown as FragmentLoaderClass;

  return class PartLoader extends Plain {
    #gone = false;

    override load(...[context, config, callbacks]: Parameters<FragmentLoader["load"]>): void {
      const preload = preloads.take(context.url);
      if (preload === undefined) {
        super.load(context, config, callbacks);
        return;
      }
      this.context = context;
      this.stats.loading.start = performance.now();
      void preload.then((part) => {
        if (this.#gone) return;
        if (part === null) {
          // The plain loader insists on being fresh.
          this.stats.loading.start = 0;
          super.load(context, config, callbacks);
          return;
        }
        account(this.stats, part);
        callbacks.onSuccess({ url: context.url, data: part.data, code: 200 }, this.stats, context, null);
      });
    }

    override abort(): void {
      this.#gone = true;
      super.abort();
    }

    override destroy(): void {
      this.#gone = true;
      super.destroy();
    }
  };
}

/**
 * Tells hls.js how long the bytes took, without the time the server held them: the bandwidth estimate would
 * otherwise take the wait for the sound to be spoken for a slow line.
 */
function account(stats: FragmentLoader["stats"], part: Preload): void {
  stats.loading.start = part.firstMs;
  stats.loading.first = part.firstMs;
  stats.loading.end = part.endMs;
  stats.loaded = part.data.byteLength;
  stats.total = part.data.byteLength;
}
