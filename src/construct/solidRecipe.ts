/** Recipe of a crystal or a slab; `recipes/solidSchema.ts` validates the same keys. */
export interface SolidRecipe {
  readonly crystal: CrystalRecipe
  /** Atom type of each element. Default: the type in the file, otherwise the element. */
  readonly types?: Readonly<Record<string, string>> | undefined
  /** Numbers of cells along a, b, c of a bulk crystal. Default: [1, 1, 1]. */
  readonly repeat?: readonly number[] | undefined
  readonly slab?: SlabRecipe | undefined
  /** Edits, applied in this order. */
  readonly edits?: readonly EditRecipe[] | undefined
  readonly adsorbates?: readonly AdsorbateRecipe[] | undefined
}

/** A crystal prototype with its parameters, or a structure file. */
export interface CrystalRecipe extends Partial<LayeredRecipe> {
  readonly prototype?: 'layered' | undefined
  readonly file?: string | undefined
}

/** A layered oxide LiMO₂: see `layeredCrystal`. */
export interface LayeredRecipe {
  /** Lattice parameters of the hexagonal cell. */
  readonly a_A: number
  readonly c_A: number
  /** Fractional height of oxygen (6c) above lithium (3a, at the origin), about 0.24. */
  readonly z_oxygen: number
  /** Share of each element in the metal layers (3b); the sum is 1. */
  readonly metals: Readonly<Record<string, number>>
  readonly ordering?: 'random' | 'ordered' | undefined
}

/** A slab: see `cutSlab`. */
export interface SlabRecipe {
  /** Miller indices (h k l) in the crystal's cell. */
  readonly miller: readonly number[]
  /** Number of primitive cells along the normal. */
  readonly layers: number
  /** Lateral numbers of surface cells. Default: [1, 1]. */
  readonly repeat?: readonly number[] | undefined
  readonly vacuum_A: number
  /** Number of fixed layers at the bottom. Default: 0. */
  readonly frozen_layers?: number | undefined
  /** Number of the termination. Default: 1, the least polar one. */
  readonly termination?: number | undefined
}

/** An atom of the ideal lattice before edits, given by its number (from 1) or by element, type, layer and a near point. */
export interface SiteRecipe {
  readonly atom?: number | undefined
  readonly element?: string | undefined
  readonly type?: string | undefined
  /** Layer of a slab; 1 is the bottom layer. */
  readonly layer?: number | undefined
  /** Fractional coordinates [u, v] (lateral distance) or [u, v, w]. */
  readonly near?: readonly number[] | undefined
}

/** An edit of the lattice, with exactly one of the keys. */
export interface EditRecipe {
  readonly remove?: SiteRecipe | undefined
  readonly retype?: { readonly site: SiteRecipe; readonly type: string } | undefined
  readonly swap?: readonly [SiteRecipe, SiteRecipe] | undefined
  readonly lithium?: LithiumRecipe | undefined
}

/** Lithium content: see `setLithium`. */
export interface LithiumRecipe {
  /** Share of all lithium sites that are filled afterwards. */
  readonly content: number
  readonly ordering?: 'random' | 'electrostatic' | undefined
  /** Sites that stay filled. */
  readonly keep?: readonly SiteRecipe[] | undefined
  /** Sites that are emptied. */
  readonly vacate?: readonly SiteRecipe[] | undefined
}

/** A molecule above a site at a height, or bonded to a site. */
export interface AdsorbateRecipe {
  readonly unit: string
  readonly above?: SiteRecipe | undefined
  /** Height of the lowest atom of the unit above the atom of the site. */
  readonly height_A?: number | undefined
  readonly bond?:
    | {
        /** Atom of the unit: element and number among the atoms of that element, such as C1. */
        readonly atom: string
        readonly to: SiteRecipe
        readonly length_A: number
      }
    | undefined
  /** Rotation about the surface normal. Default: 0 above a site; for a bonded molecule the angle with most room. */
  readonly rotation_deg?: number | undefined
}
