import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Segment } from "./api";
import { Chip } from "./parts";
import { clock, heard, names, number, percent, why } from "./words";
import type { Thresholds } from "./words";

/** The segment under the head of the player: what was heard, how likely, and why it does not count. */
export function Now({
    segment,
    thresholds,
    range,
    link,
}: {
    segment: Segment | null;
    thresholds: Thresholds;
    range: [number, number] | null;
    link: () => string;
}): JSX.Element {
    const [copied, setCopied] = useState("");
    const reason = segment && why(segment, thresholds);
    const probabilities = segment
        ? names
              .map((name) => [name, segment[`probability_${name}`] ?? null] as const)
              .filter((each): each is readonly [string, number] => each[1] !== null)
        : [];
    return (
        <section class="card now" aria-labelledby="now">
            <div class="title">
                <h2 id="now">What was heard here</h2>
                <button
                    type="button"
                    onClick={() =>
                        void navigator.clipboard.writeText(link()).then(
                            () => setCopied("Copied."),
                            () => setCopied(link()),
                        )
                    }
                >
                    Copy link to this second
                </button>
            </div>
            <p class="muted long" role="status">
                {copied}
            </p>
            {!segment && <p class="muted">Nothing: no segment lies here.</p>}
            {segment && (
                <>
                    <p>
                        {clock(segment.startSeconds, 1)} – {clock(segment.endSeconds, 1)}:{" "}
                        {segment.emotion ? (
                            <Chip emotion={segment.emotion} unsure={segment.isReportable === false} />
                        ) : (
                            <strong>{heard(segment)}</strong>
                        )}
                        {segment.trust !== null && <> · trust {number(segment.trust)}</>} · S {number(segment.snrScore)} · S′{" "}
                        {number(segment.mixWeight)}
                        {segment.mixWeight >= 0.995
                            ? " (the recording itself was heard)"
                            : segment.mixWeight <= 0.005
                              ? " (the enhanced voice alone was heard)"
                              : ""}
                    </p>
                    {reason && (
                        <p class="note">
                            <strong>Why no emotion is reported:</strong> {reason}
                        </p>
                    )}
                    {probabilities.length > 0 && (
                        <ul class="plain bars" aria-label="Probabilities">
                            {[...probabilities]
                                .sort((a, b) => b[1] - a[1])
                                .map(([name, value]) => (
                                    <li key={name}>
                                        <Chip emotion={name} /> <meter min={0} max={1} value={value} aria-label={name} /> {percent(value)}
                                    </li>
                                ))}
                        </ul>
                    )}
                    {segment.arousal !== null && (
                        <p class="muted">
                            Arousal {number(segment.arousal)}, valence {number(segment.valence)}, dominance {number(segment.dominance)}
                            {range ? ` on a scale from ${range[0]} to ${range[1]}` : ""}.
                        </p>
                    )}
                </>
            )}
        </section>
    );
}
