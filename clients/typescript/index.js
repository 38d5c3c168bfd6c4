import createClient from "openapi-fetch";

/** The station answered with a problem (RFC 9457), or with something that is not of the API. */
export class ProblemError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `the station answered ${status}`);
    this.name = "ProblemError";
    this.status = status;
    this.problem = problem;
  }
}

export function connect({ baseUrl = "", accessToken, apiKey, fetch } = {}) {
  // Looked up at each request: whoever observes or replaces the global one later is heard.
  const client = createClient({ baseUrl, fetch: fetch ?? ((request) => globalThis.fetch(request)) });
  if (apiKey !== undefined) {
    const credentials = `Basic ${btoa(`${apiKey.key}:${apiKey.secret}`)}`;
    client.use({ onRequest: ({ request }) => authorize(request, credentials) });
  }
  if (accessToken !== undefined) {
    client.use({
      onRequest: async ({ request }) => {
        const token = typeof accessToken === "function" ? await accessToken() : accessToken;
        return token ? authorize(request, `Bearer ${token}`) : request;
      },
    });
  }
  return client;
}

export async function answered(asked) {
  const { data, error, response } = await asked;
  if (!response.ok) {
    throw new ProblemError(response.status, typeof error?.detail === "string" ? error : null);
  }
  return data;
}

function authorize(request, credentials) {
  request.headers.set("authorization", credentials);
  return request;
}
