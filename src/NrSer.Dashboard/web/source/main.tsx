import { render } from "preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Feed, Open, Said } from "./api";
import { root } from "./api";
import { About } from "./about";
import { Feeds } from "./feeds";
import { Overview } from "./overview";
import { Caution, Contact, useAnswer } from "./parts";
import { RecordingView } from "./recording";
import { Recordings } from "./recordings";
import { Reference } from "./reference";
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
    const about = useAnswer<Said>("/about");
    const said = about.value;
    const models = said?.models ?? null;
    const feeds = useAnswer<{ feeds: Feed[] }>("/feeds").value?.feeds ?? [];
    const path = address.pathname;
    const id = /^\/recordings\/([^/]+)$/.exec(path)?.[1];
    const isDemonstration = models?.some((model) => model.isUsed && model.quality === "demonstration") ?? false;
    // nothing takes it away, not even an answer that does not come
    const notice = about.error
        ? `What the models are worth could not be found out: take nothing here for more than a demonstration. ${about.error.message}`
        : isDemonstration
          ? said!.demonstrationNotice
          : null;
    const besides = notice ? null : (said?.demonstrationNotice ?? null); // what was made by others
    const view = id ? (
        <RecordingView key={id} id={id} models={models} open={open} notice={besides} />
    ) : path === "/recordings" ? (
        <Recordings open={open} feeds={feeds} />
    ) : path === "/feeds" ? (
        <Feeds feeds={feeds} />
    ) : path === "/about" ? (
        <About said={said} feeds={feeds} />
    ) : path === "/reference" ? (
        <Reference />
    ) : (
        <Overview open={open} notice={besides} />
    );
    return (
        <>
            <a
                class="skip"
                href="#main"
                onClick={(event) => {
                    event.preventDefault(); // a recording's place stands in the address
                    document.getElementById("main")!.focus();
                }}
            >
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
            <Caution notice={notice} />
            <main id="main" tabIndex={-1}>
                {view}
            </main>
            <footer>
                What was <em>heard</em> in a voice, and how far that can be trusted. Nothing on this page comes from elsewhere.
                {said?.contact && (
                    <>
                        {" "}
                        Questions: <Contact of={said.contact} />
                    </>
                )}
            </footer>
        </>
    );
}

render(<App />, document.getElementById("app")!);
