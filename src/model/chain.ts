/** Questions about chains of certificates, to whoever can verify signatures. Types only. */

/** Whether somebody else would trust a chain that a server presented. Plain JSON. */
export interface ChainQuestion {
  /** Of the evidence that the answer becomes. */
  readonly id: string;
  /** In PEM, the server's own first. */
  readonly chain: readonly string[];
  /** In PEM, any number of them; absent: those that every machine has. */
  readonly authorities?: string;
  /** By which clock certificates are valid: seconds since 1970, UTC. */
  readonly at: number;
}
