/** What the build knows about itself and puts in place of this name; a run from the sources has none of it. */
declare const BUILD_INFO:
  | { readonly version: string; readonly commit: string; readonly image: string }
  | undefined;

const build =
  typeof BUILD_INFO === 'undefined'
    ? { version: '0.0.0-dev', commit: 'none', image: 'localhost/nettools:dev' }
    : BUILD_INFO;

/** The release, for example `0.1.0`. */
export const version: string = build.version;

/** The short commit that the binary was built from, with `-dirty` when the work tree had changes. */
export const commit: string = build.commit;

/** The nettools image that belongs to this build; a build that was given none uses the one of the test cluster. */
export const defaultImage: string = build.image;
