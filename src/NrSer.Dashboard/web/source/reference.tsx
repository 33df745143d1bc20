// The API for people, from its own description: readers that others made need styles in attributes, which this page's policy forbids.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Failure, Heading, useAnswer } from "./parts";

interface Schema {
    $ref?: string;
    type?: string | string[];
    format?: string;
    enum?: (string | null)[];
    items?: Schema;
    oneOf?: Schema[];
    additionalProperties?: Schema;
    properties?: Record<string, Schema>;
    description?: string;
    default?: string | number;
    minimum?: number;
    maximum?: number;
    maxLength?: number;
}

interface Content {
    content?: Record<string, { schema?: Schema }>;
}

interface Parameter {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
}

interface Operation {
    operationId: string;
    summary?: string;
    description?: string;
    parameters?: Parameter[];
    requestBody?: Content;
    responses: Record<string, Content & { description: string }>;
}

interface Description {
    info: { description: string; version: string };
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, Schema> };
}

const nameOf = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

/** A type in words; one that has a name leads to it. */
function Type({ of: schema, schemas }: { of: Schema | undefined; schemas: Record<string, Schema> }): JSX.Element {
    if (!schema) return <>any</>;
    if (schema.$ref) {
        const name = nameOf(schema.$ref);
        return schemas[name]?.enum ? <Type of={schemas[name]} schemas={schemas} /> : <a href={`#schema-${name}`}>{name}</a>;
    }
    if (schema.oneOf) return <Type of={schema.oneOf.find((each) => each.$ref)} schemas={schemas} />;
    if (schema.enum) return <>{schema.enum.filter((each) => each !== null).join(", ")}</>;
    if (schema.items)
        return (
            <>
                list of <Type of={schema.items} schemas={schemas} />
            </>
        );
    if (schema.additionalProperties)
        return (
            <>
                by name, <Type of={schema.additionalProperties} schemas={schemas} />
            </>
        );
    return <>{[[schema.type ?? "any"].flat().join(" or "), schema.format].filter(Boolean).join(", ")}</>;
}

/** What a parameter is for, and what it takes. */
const meaningOf = ({ in: where, description, schema }: Parameter): string =>
    [
        where === "path" ? "In the address." : "",
        description ?? "",
        schema.minimum !== undefined ? `${schema.minimum} to ${schema.maximum}.` : "",
        schema.maxLength !== undefined ? `Up to ${schema.maxLength} characters.` : "",
        schema.default !== undefined ? `Without it, ${schema.default}.` : "",
    ]
        .filter(Boolean)
        .join(" ");

/** What stands between back-ticks is code. */
const Text = ({ of: text }: { of: string }): JSX.Element => (
    <>{text.split("`").map((part, at) => (at % 2 ? <code key={at}>{part}</code> : part))}</>
);

function Fields({ label, rows }: { label: string; rows: [string, JSX.Element, string][] }): JSX.Element {
    const hasMeaning = rows.some(([, , meaning]) => meaning);
    return (
        <div class="scroll plainly" tabIndex={0} role="region" aria-label={label}>
            <table>
                <thead>
                    <tr>
                        <th scope="col">Name</th>
                        <th scope="col">Type</th>
                        {hasMeaning && <th scope="col">Meaning</th>}
                    </tr>
                </thead>
                <tbody>
                    {rows.map(([name, type, meaning]) => (
                        <tr key={name}>
                            <th scope="row">
                                <code>{name}</code>
                            </th>
                            <td>{type}</td>
                            {hasMeaning && (
                                <td>
                                    <Text of={meaning} />
                                </td>
                            )}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function Reference(): JSX.Element {
    const { value, error } = useAnswer<Description>(".json");
    useEffect(() => {
        document.title = "API – NrSer";
    }, []);
    useEffect(() => {
        if (value && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }, [value]);
    const schemas = value?.components.schemas ?? {};
    return (
        <div class="prose">
            <Heading>API</Heading>
            <Failure error={error} />
            {value && (
                <p>
                    <Text of={value.info.description} />
                </p>
            )}
            <p>
                For programs: <a href="/api/v1.json">its description</a> (OpenAPI 3.1).
            </p>
            {Object.entries(value?.paths ?? {}).flatMap(([path, operations]) =>
                Object.entries(operations)
                    .filter(([method]) => method !== "head")
                    .map(([method, operation]) => (
                        <section class="card" key={`${method} ${path}`} id={operation.operationId} aria-labelledby={`of-${operation.operationId}`}>
                            <h2 id={`of-${operation.operationId}`} class="long">
                                {method.toUpperCase()} {path}
                            </h2>
                            <p>{operation.summary}</p>
                            {operation.description && (
                                <p class="muted">
                                    <Text of={operation.description} />
                                </p>
                            )}
                            {operation.parameters && (
                                <Fields
                                    label={`Parameters of ${operation.operationId}`}
                                    rows={operation.parameters.map((each) => [
                                        each.name,
                                        <Type of={each.schema} schemas={schemas} />,
                                        meaningOf(each),
                                    ])}
                                />
                            )}
                            {Object.values(operation.requestBody?.content ?? {}).map((each) => (
                                <p>
                                    Body: <Type of={each.schema} schemas={schemas} />
                                </p>
                            ))}
                            <ul class="plain">
                                {Object.entries(operation.responses).map(([status, response]) => (
                                    <li key={status}>
                                        <strong>{status}</strong> {response.description}
                                        {Object.entries(response.content ?? {}).map(([type, content]) => (
                                            <span key={type}>
                                                {" "}
                                                · {type}
                                                {content.schema?.$ref && (
                                                    <>
                                                        : <Type of={content.schema} schemas={schemas} />
                                                    </>
                                                )}
                                            </span>
                                        ))}
                                    </li>
                                ))}
                            </ul>
                        </section>
                    )),
            )}
            {value && <h2>What is answered</h2>}
            {Object.entries(schemas)
                .filter(([, schema]) => schema.properties)
                .map(([name, schema]) => (
                    <section class="card" key={name} id={`schema-${name}`} aria-labelledby={`name-${name}`}>
                        <h3 id={`name-${name}`}>{name}</h3>
                        {schema.description && <p>{schema.description}</p>}
                        <Fields
                            label={`Fields of ${name}`}
                            rows={Object.entries(schema.properties!).map(([field, each]) => [
                                field,
                                <Type of={each} schemas={schemas} />,
                                each.description ?? "",
                            ])}
                        />
                    </section>
                ))}
        </div>
    );
}
