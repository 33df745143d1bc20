import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Feed, Said } from "./api";
import { Contact, Heading } from "./parts";
import { day, tame } from "./words";

const kinds: Record<string, string> = { Enhancer: "takes noise away", SnrLevel: "judges how clean the voice is", Emotion: "hears emotion" };

const stores: Record<string, string> = {
    Uploads: "Uploads, as they came in",
    WorkAudio: "Audio between stages",
    Lake: "Rows in the lake",
    Results: "Result files of single recordings",
    Receipts: "Receipts",
    Rows: "Rows, names included",
};

export function About({ said, feeds }: { said: Said | null; feeds: Feed[] }): JSX.Element {
    useEffect(() => {
        document.title = "About – NrSer";
    }, []);
    return (
        <div class="prose">
            <Heading>About</Heading>
            <p>
                NrSer says for every few seconds of speech which emotion was <em>heard</em> in the voice, how strongly, and how far the
                audio can be trusted. It hears sound, not words, and knows nothing of who speaks, to whom or why. The method is that of{" "}
                <cite>Noise robust speech emotion recognition with signal-to-noise ratio adapting speech enhancement</cite> (arXiv
                2309.01164).
            </p>
            {said && <Deployment said={said} feeds={feeds} />}
            <h2>How to read it</h2>
            <dl class="words">
                <dt>S</dt>
                <dd>
                    What the SNR-level model says of a segment: near 0 noise alone, near 1 clean speech. It rises with the signal-to-noise
                    ratio and is no level in dB.
                </dd>
                <dt>S′</dt>
                <dd>The share of the original in what the emotion model heard; the rest is the voice with the noise taken away.</dd>
                <dt>Gate</dt>
                <dd>
                    Where S, the energy that enhancement left, or the model's log-odds of speech are too low, there is no speech to judge
                    and no emotion is said. It may still be a voice too deep in noise.
                </dd>
                <dt>Trust</dt>
                <dd>
                    How often an estimate like this one was right about speakers and recordings that the model had never heard. Below the
                    model's threshold it reads “unsure” and counts nowhere.
                </dd>
                <dt>Arousal, valence</dt>
                <dd>Calm to excited, unpleasant to pleasant, on the scale of the model's raters.</dd>
            </dl>
            <h2>What it is not for</h2>
            <p>
                Not for ranking people, not for decisions about them, not for telling lies from truth. Emotion heard in a voice is no
                measure of what somebody feels: voices, languages and microphones differ more than emotions do. In the European Union,
                inferring emotions at work and in education is forbidden but for medical and safety reasons, and people have to be told.
            </p>
            <h2>Models of this server</h2>
            <p>Every row names the models that made it, with their versions; those of a deployment may be others.</p>
            {said?.models.map((model) => (
                <section class="card" key={model.id}>
                    <h3>
                        {model.id} <span class={`quality ${model.quality}`}>{model.quality}</span>
                        {model.isUsed ? " · in use" : ""}
                    </h3>
                    <p>
                        It {kinds[model.kind] ?? model.kind}. Licence of its weights: {model.licence}.
                        {model.emotions.length > 0 && <> It tells apart: {model.emotions.join(", ")}.</>}
                        {model.reportableAbove !== null && <> Reported from a trust of {model.reportableAbove.toFixed(2)} on.</>}
                        {model.noiseThreshold !== null && <> Below S = {model.noiseThreshold} it hears noise alone.</>}
                    </p>
                    <details>
                        <summary>Trained on</summary>
                        <ul>
                            {model.trainingData.map((each) => (
                                <li key={each}>{each}</li>
                            ))}
                        </ul>
                    </details>
                </section>
            ))}
            <p>
                <strong>Demonstration</strong> means: made to show the mechanism. On corpora that their makers never heard, the embedded
                models are right about four emotions in 41 to 51 of 100 cases, where guessing would be right in 25.
            </p>
            <h2>For programs</h2>
            <p>
                Everything here comes from an API, <a href="/reference">which is described here</a>.
            </p>
        </div>
    );
}

/** What for, whom to ask, how long is kept what, and what the models are worth: as whoever answers for it has said. */
function Deployment({ said, feeds }: { said: Said; feeds: Feed[] }): JSX.Element {
    const isDemonstration = said.models.some((model) => model.isUsed && model.quality === "demonstration");
    const titleOf = (id: string): string => tame(feeds.find((each) => each.id === id)?.title ?? id);
    return (
        <section aria-labelledby="says">
            <h2 id="says">What this deployment says of itself</h2>
            <dl class="words">
                <dt>Purpose</dt>
                <dd>
                    {said.purpose ? (
                        <>
                            {tame(said.purpose)}
                            {said.setting && <>, {said.setting.toLowerCase()}</>} <span class="muted">(said on {day(said.setAt)})</span>
                        </>
                    ) : (
                        <>
                            Nobody has said. <code>nrser purpose set</code> does.
                        </>
                    )}
                </dd>
                <dt>Contact</dt>
                <dd>
                    {said.contact ? (
                        <Contact of={said.contact} />
                    ) : (
                        <>
                            Nobody is named. <code>nrser purpose set … --contact</code> does.
                        </>
                    )}
                </dd>
                <dt>Quality of the models</dt>
                <dd>
                    {isDemonstration ? (
                        <>
                            <span class="quality demonstration">demonstration</span> {said.demonstrationNotice}
                        </>
                    ) : (
                        <span class="quality">production</span>
                    )}
                </dd>
                <dt>Retention</dt>
                <dd>
                    {said.kept.length === 0 ? (
                        "Everything, until it is forgotten."
                    ) : (
                        <>
                            <ul>
                                {said.kept.map((each) => (
                                    <li key={`${each.store} ${each.feedId}`}>
                                        {stores[each.store] ?? each.store}
                                        {each.feedId && (
                                            <>
                                                {" "}
                                                of <bdi>{titleOf(each.feedId)}</bdi>
                                            </>
                                        )}
                                        : {each.days} day{each.days === 1 ? "" : "s"} from the day of upload on{" "}
                                        <span class="muted">
                                            {each.through ? `(deleted up to ${each.through})` : "(announced; nothing was deleted yet)"}
                                        </span>
                                    </li>
                                ))}
                            </ul>
                            Everything else, until it is forgotten.
                        </>
                    )}
                </dd>
            </dl>
        </section>
    );
}
