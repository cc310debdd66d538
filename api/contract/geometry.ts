/** The outlines of counties, for the map. */

/** `GET /v1/geometry/counties`: SVG paths, already projected, y downward. */
export interface CountyGeometry {
  /** Of the whole drawing, in the paths' units. */
  width: number;
  height: number;
  source: string;
  crs: string;
  /** Lambert conformal conic: degrees, units in a kilometre, and where its pole lies in the drawing. */
  projection: {
    parallels: [number, number];
    meridian: number;
    unitsPerKm: number;
    pole: [number, number];
  };
  /** 审图号; null prints 「内部使用,未经地图审核」. */
  approval: string | null;
  counties: { code: string; name: string; city: string; path: string; label: [number, number] }[];
}
