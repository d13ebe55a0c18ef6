/* Browsers start no worker for a page that was opened as a file. The search of the theme runs in
 * one, so there it gets a hidden frame instead, with the few things that it uses of a worker. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      const inside = this.frame.contentWindow;
      window.addEventListener("message", this.receive = (event) => {
        if (event.source === this.frame.contentWindow) {
          const message = new MessageEvent("message", { data: event.data });
          this.dispatchEvent(message);
          this.onmessage?.(message);
        }
      });
      inside.document.open();
      inside.document.write("<!doctype html><html><body></body></html>");
      // Not before: opening the document forgets listeners.
      this.ready = new Promise((resolve) => inside.addEventListener("load", resolve));
      inside.postMessage = (data) => parentMessage(inside, data);
      inside.importScripts = (...urls) => urls.reduce(
        (before, next) => before.then(() => load(inside, next)), Promise.resolve());
      load(inside, url);
      inside.document.close();
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(
        new MessageEvent("message", { data: structuredClone(data) })));
    }

    terminate() {
      window.removeEventListener("message", this.receive);
      this.frame.remove();
    }
  };

  function parentMessage(inside, data) {
    window.dispatchEvent(new MessageEvent("message", { data, source: inside }));
  }

  function load(inside, url) {
    return new Promise((resolve, reject) => {
      const script = inside.document.createElement("script");
      Object.assign(script, { src: url, onload: resolve, onerror: reject });
      inside.document.body.append(script);
    });
  }
}
