/** Reads from the API server as the admin; a process per question would cost more than the answer. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { apiPort } from './paths.ts';
import { certificate, privateKey } from './pki.ts';

/**
 * Gets a path's body.
 * @throws when there is no answer within 20 s, or another status than 200
 */
export function apiGet(path: string): Promise<string> {
  return new Promise((done, fail) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: apiPort,
        path,
        ca: readFileSync(certificate('ca')),
        cert: readFileSync(certificate('admin')),
        key: readFileSync(privateKey('admin')),
        timeout: 20_000,
        agent: false,
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('error', fail);
        response.on('end', () => {
          if (response.statusCode === 200) done(body);
          else fail(new Error(`${path}: status ${response.statusCode}`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 20 s')));
    call.on('error', fail);
    call.end();
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** The part of a Kubernetes object that health is told from. */
export interface ApiObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly nodeName?: string; readonly replicas?: number; readonly podCIDR?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
  };
}

/** Lists objects. */
export async function apiList(path: string): Promise<readonly ApiObject[]> {
  return (JSON.parse(await apiGet(path)) as { items: ApiObject[] }).items;
}

/** Gets one object; undefined when it is not there. */
export async function apiObject(path: string): Promise<ApiObject | undefined> {
  try {
    return JSON.parse(await apiGet(path)) as ApiObject;
  } catch (error) {
    if (error instanceof Error && error.message.endsWith('status 404')) return undefined;
    throw error;
  }
}

/** True when an object has a condition with status True. */
export function isTrue(object: ApiObject | undefined, type: string): boolean {
  return object?.status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
}
