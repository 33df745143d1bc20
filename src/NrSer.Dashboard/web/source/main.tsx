import { render } from "preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Feed, Model, Open } from "./api";
import { root } from "./api";
import { About } from "./about";
import { Feeds } from "./feeds";
import { Overview } from "./overview";
import { useAnswer } from "./parts";
import { RecordingView } from "./recording";
import { Recordings } from "./recordings";
import { useAddress } from "./router";

function useOpen(): Open | null {
    const [open, setOpen] = useState<Open | null>(null);
    useEffect(() => {
        // a browser opens six connections to a server: tabs that nobody looks at must not hold them
        let events: EventSource | null = null;
        const listen = (): void => {
            events?.close();
            events = null;
            if (document.hidden) return;
            events = new EventSource(`${root}/events`);
            events.addEventListener("working", (event) => setOpen(JSON.parse((event as MessageEvent<string>).data) as Open));
        };
        listen();
        document.addEventListener("visibilitychange", listen);
        return () => {
            events?.close();
            document.removeEventListener("visibilitychange", listen);
        };
    }, []);
    return open;
}

const links: [string, string][] = [
    ["/", "Overview"],
    ["/recordings", "Recordings"],
    ["/feeds", "Feeds"],
    ["/about", "About"],
];

function App(): JSX.Element {
    const address = useAddress();
    const open = useOpen();
    const models = useAnswer<{ models: Model[] }>("/models").value?.models ?? null;
    const feeds = useAnswer<{ feeds: Feed[] }>("/feeds").value?.feeds ?? [];
    const path = address.pathname;
    const id = /^\/recordings\/([^/]+)$/.exec(path)?.[1];
    const view = id ? (
        <RecordingView key={id} id={id} models={models} open={open} />
    ) : path === "/recordings" ? (
        <Recordings open={open} feeds={feeds} />
    ) : path === "/feeds" ? (
        <Feeds feeds={feeds} />
    ) : path === "/about" ? (
        <About models={models} />
    ) : (
        <Overview open={open} />
    );
    const used = models?.filter((model) => model.isUsed) ?? [];
    return (
        <>
            <a class="skip" href="#main">
                Skip to content
            </a>
            <header>
                <a class="brand" href="/">
                    <img src="/icon.svg" alt="" width="26" height="26" /> NrSer
                </a>
                <nav aria-label="Views">
                    {links
                        .filter(([target]) => target !== "/feeds" || feeds.length > 0)
                        .map(([target, name]) => (
                            <a key={target} href={target} aria-current={target === (id ? "/recordings" : path) ? "page" : undefined}>
                                {name}
                            </a>
                        ))}
                </nav>
            </header>
            {used.some((model) => model.quality === "demonstration") && (
                <aside class="caution" aria-label="Caution">
                    <strong>Demonstration models.</strong> They show the mechanism. What was heard is no fact about anybody, and nothing to
                    decide about people by. <a href="/about">How far to trust them</a>
                </aside>
            )}
            <main id="main" tabIndex={-1}>
                {view}
            </main>
            <footer>
                What was <em>heard</em> in a voice, and how far that can be trusted. Served by this machine; nothing on this page comes from
                elsewhere.
            </footer>
        </>
    );
}

render(<App />, document.getElementById("app")!);
