/** What the probe calls itself in every measurement and request. */
export const VERSION = '0.1.0';
export const SOFTWARE = `tongda-probe/${VERSION}`;
