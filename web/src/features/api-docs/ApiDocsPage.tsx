import { useState, useSyncExternalStore } from "react";

import {
  byTag,
  type Document,
  type Field,
  fieldsOf,
  loadDocument,
  type Operation,
  typeOf,
} from "../../api/document.ts";
import { Watch } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import styles from "./api-docs.module.css";

/** The document changes with the program only; it is asked for again where the station was away. */
const EVERY_MS = 600_000;

/** What can be asked of the station, read from its own document. */
export function ApiDocsPage() {
  const [watch] = useState(() => new Watch(loadDocument, EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  const document = watched.status === "loading" ? null : watched.value;
  return (
    <section className={styles.page} aria-busy={watched.status === "loading"}>
      <title>{`${strings.apiDocs.title} · ${strings.name}`}</title>
      <h1>{strings.apiDocs.title}</h1>
      <p>
        <a href="/api/openapi.json">{strings.apiDocs.document}</a>
      </p>
      {document === null ? (
        <p role="status">
          {watched.status === "loading" ? strings.apiDocs.loading : strings.apiDocs.unreachable}
        </p>
      ) : (
        <Operations document={document} />
      )}
    </section>
  );
}

function Operations(props: { document: Document }) {
  const { document } = props;
  return (
    <>
      <p>{document.info.description}</p>
      {byTag(document).map(([tag, operations]) => (
        <section key={tag} className={styles.tag} aria-labelledby={`tag-${tag}`}>
          <h2 id={`tag-${tag}`}>{tag}</h2>
          {operations.map((operation) => (
            <Entry key={operation.id} document={document} operation={operation} />
          ))}
        </section>
      ))}
    </>
  );
}

function Entry(props: { document: Document; operation: Operation }) {
  const { document, operation } = props;
  const { method, path, parameters, body, credentials } = operation;
  return (
    <details className={styles.operation} id={operation.id}>
      <summary>
        <code className={styles.method}>{method}</code> <code className={styles.path}>{path}</code>
        <span className={styles.summary}>{operation.summary}</span>
      </summary>
      {operation.description === null ? null : <p>{operation.description}</p>}
      <p className={styles.note}>
        {credentials.length === 0 ? strings.apiDocs.open : strings.apiDocs.credentials(credentials)}
      </p>
      {parameters.length === 0 ? null : (
        <>
          <h3>{strings.apiDocs.parameters}</h3>
          <ul className={styles.fields}>
            {parameters.map((parameter) => (
              <li key={parameter.name}>
                <Term name={parameter.name} required={parameter.required ?? false} />{" "}
                <span className={styles.type}>{typeOf(document, parameter.schema ?? {})}</span>
                <Words text={parameter.description} />
              </li>
            ))}
          </ul>
        </>
      )}
      {body === null ? null : (
        <>
          <h3>{strings.apiDocs.body}</h3>
          <Fields fields={fieldsOf(document, body)} />
        </>
      )}
      <h3>{strings.apiDocs.answers}</h3>
      <ul className={styles.fields}>
        {operation.answers.map((answer) => (
          <li key={answer.status}>
            <code>{answer.status}</code> {answer.meaning}
            {answer.body !== null && answer.status.startsWith("2") ? (
              <Fields fields={fieldsOf(document, answer.body)} />
            ) : null}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Fields(props: { fields: readonly Field[] }) {
  if (props.fields.length === 0) return null;
  return (
    <ul className={styles.fields}>
      {props.fields.map((field) => (
        <li key={field.name}>
          <Term name={field.name} required={field.required} />{" "}
          <span className={styles.type}>{field.type}</span>
          <Words text={field.description} />
          <Fields fields={field.fields} />
        </li>
      ))}
    </ul>
  );
}

function Term(props: { name: string; required: boolean }) {
  return (
    <code>
      {props.name}
      {props.required ? <abbr title={strings.apiDocs.required}>*</abbr> : null}
    </code>
  );
}

function Words(props: { text: string | null | undefined }) {
  return props.text ? <p className={styles.words}>{props.text}</p> : null;
}
